// The facts of a step as two tables: what we know of every step, and the attributes it came with.
import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Span } from "../api/shapes";
import { kindWords } from "../calls/words";
import { CopyIcon } from "../design/Copy";
import { Count, Duration, Money } from "../design/Figures";
import { exactTime } from "../design/times";
import classes from "./Details.module.css";
import { Status } from "./Status";
import { durationOf } from "./tree";

const COST_PARTS = ["input", "cached_input", "output"] as const;

export function Details({ span }: { span: Span }) {
  const { t } = useTranslation();
  const attributes = Object.entries(span.attributes).toSorted(([a], [b]) => a.localeCompare(b));
  return (
    <>
      <table className={classes.facts}>
        <tbody>
          <Fact name={t("traces.kind")}>{kindWords(t, span.kind)}</Fact>
          <Fact name={t("traces.status")}>
            <Status status={span.status} errorType={span.error_type} long />
          </Fact>
          {span.status_message && <Fact name={t("trace.message")}>{span.status_message}</Fact>}
          <Fact name={t("trace.start")}>{exactTime(new Date(span.start_time))}</Fact>
          <Fact name={t("trace.end")}>
            {span.end_time ? exactTime(new Date(span.end_time)) : t("traces.unknownDuration")}
          </Fact>
          <Fact name={t("traces.latency")}>
            <Duration ms={durationOf(span)} unknown={t("traces.unknownDuration")} />
          </Fact>
          {span.first_token_ms != null && (
            <Fact name={t("traces.firstToken")}>
              <Duration ms={span.first_token_ms} />
            </Fact>
          )}
          {span.model && <Fact name={t("trace.asked")}>{span.model}</Fact>}
          {span.response_model && <Fact name={t("trace.answeredBy")}>{span.response_model}</Fact>}
          {span.deployment && <Fact name={t("traces.deployment")}>{span.deployment}</Fact>}
          {span.provider && <Fact name={t("trace.provider")}>{span.provider}</Fact>}
          {span.model && <Usage span={span} />}
          {span.user_id && <Fact name={t("traces.user")}>{span.user_id}</Fact>}
          {span.session_id && <Fact name={t("traces.session")}>{span.session_id}</Fact>}
          {span.environment && <Fact name={t("traces.environment")}>{span.environment}</Fact>}
          {span.release && <Fact name={t("trace.release")}>{span.release}</Fact>}
          {span.key_id && <Fact name={t("trace.key")}>{span.key_id}</Fact>}
          {span.prompt_name && (
            <Fact name={t("trace.prompt")}>
              {span.prompt_name} {span.prompt_version > 0 && `v${span.prompt_version}`}
            </Fact>
          )}
          {span.tags.length > 0 && <Fact name={t("trace.tags")}>{span.tags.join(", ")}</Fact>}
          <Fact name={t("trace.stepId")}>
            <code>{span.span_id}</code>
            <CopyIcon value={span.span_id} size={18} />
          </Fact>
        </tbody>
      </table>
      {attributes.length > 0 && (
        <>
          <Title order={2} mt={18} mb={6}>
            {t("trace.attributes")}
          </Title>
          <table className={classes.facts} data-technical>
            <tbody>
              {attributes.map(([name, value]) => (
                <Fact key={name} name={name}>
                  {value || "–"}
                </Fact>
              ))}
            </tbody>
          </table>
        </>
      )}
    </>
  );
}

function Usage({ span }: { span: Span }) {
  const { t } = useTranslation();
  const unknown = t("traces.unknownTokens");
  return (
    <>
      <Fact name={t("trace.promptTokens")}>
        <Count value={span.input_tokens} unknown={unknown} />
        {span.cached_tokens != null && (
          <span className={classes.part}>
            {t("trace.cachedTokens")} <Count value={span.cached_tokens} />
          </span>
        )}
      </Fact>
      <Fact name={t("trace.outputTokens")}>
        <Count value={span.output_tokens} unknown={unknown} />
        {span.reasoning_tokens != null && (
          <span className={classes.part}>
            {t("trace.reasoningTokens")} <Count value={span.reasoning_tokens} />
          </span>
        )}
      </Fact>
      {span.kind !== "attempt" && (
        <Fact name={t("traces.cost")}>
          <Money usd={span.cost_usd} unknown={t("traces.unknownCost")} />
          {COST_PARTS.map(
            (part) =>
              span.cost_details[part] !== undefined && (
                <span key={part} className={classes.part}>
                  {t(`trace.cost_${part}`)} <Money usd={span.cost_details[part]} />
                </span>
              ),
          )}
        </Fact>
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{children}</td>
    </tr>
  );
}
