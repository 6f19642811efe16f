// What came of a test call: the answer or the failure in words, its figures, and each attempt with its reason.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { TestCall } from "../api/shapes";
import { whyWords } from "../calls/why";
import { causeWords, errorWords } from "../calls/words";
import { Count, Duration, Money } from "../design/Figures";
import { Folded } from "../design/Folded";
import { TextLink } from "../design/links";
import { StatusDot } from "../design/Tag";
import { usePlace } from "../session/session";
import classes from "./TestCall.module.css";

export function TestCallResult({ result }: { result: TestCall }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  return (
    <section className={classes.result} aria-label={t("test.result")}>
      <div className={classes.head}>
        <StatusDot tone={result.failure ? "error" : "ok"}>
          {result.failure ? errorWords(t, result.failure) : t("trace.answered")}
        </StatusDot>
        <TextLink
          to="/p/$project/traces/$trace"
          params={{ project: project.id, trace: result.trace_id }}
          size="sm"
        >
          {t("test.trace")}
        </TextLink>
      </div>
      <div className={classes.answer} data-failed={result.failure ? true : undefined}>
        <Folded text={result.failure ? result.message : result.text} lines={6} />
      </div>
      <dl className={classes.figures}>
        <Figure name={t("traces.latency")}>
          <Duration ms={result.latency_ms} />
        </Figure>
        <Figure name={t("traces.firstToken")}>
          <Duration ms={result.first_token_ms} unknown={t("test.noFirstToken")} />
        </Figure>
        <Figure name={t("test.tokens")}>
          <Count value={result.input_tokens} unknown={t("traces.unknownTokens")} /> /{" "}
          <Count value={result.output_tokens} unknown={t("traces.unknownTokens")} />
        </Figure>
        <Figure name={t("traces.cost")}>
          <Money usd={result.cost_usd} unknown={t("traces.unknownCost")} />
        </Figure>
      </dl>
      <ol className={classes.attempts} aria-label={t("trace.attempts")}>
        {result.attempts.map((attempt, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the sequence is all that tells two attempts apart
          <li key={at}>
            <strong>{attempt.deployment}</strong>
            <span className={classes.why}>{whyWords(t, attempt.reason)}</span>
            <StatusDot tone={attempt.outcome === "answered" ? "ok" : "error"} title={attempt.message}>
              {attempt.outcome === "answered" ? t("trace.answered") : causeWords(t, attempt.outcome)}
            </StatusDot>
            <Duration ms={attempt.latency_ms} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
