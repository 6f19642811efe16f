// The attempts of a call in the order in which they were made: where, why there, and what came of it.
import { useTranslation } from "react-i18next";
import type { Span } from "../api/shapes";
import { whyWords } from "../calls/why";
import { outcomeWords } from "../calls/words";
import { Duration, Money } from "../design/Figures";
import { StatusDot, Tag } from "../design/Tag";
import classes from "./Attempts.module.css";
import { durationOf, numberOf } from "./tree";

export function Attempts({ attempts }: { attempts: Span[] }) {
  const { t } = useTranslation();
  if (attempts.length === 0) return <p className={classes.none}>{t("trace.noAttempts")}</p>;
  return (
    <ol className={classes.attempts}>
      {attempts.map((attempt) => (
        <Attempt key={attempt.span_id} attempt={attempt} />
      ))}
    </ol>
  );
}

function Attempt({ attempt }: { attempt: Span }) {
  const { t } = useTranslation();
  const { attributes } = attempt;
  const reason = attributes["madang.attempt.reason"];
  const failed = attempt.status === "error";
  return (
    <li className={classes.attempt} data-failed={failed || undefined}>
      <div className={classes.head}>
        <span className={classes.number}>{numberOf(attempt) || "·"}</span>
        <strong>{attempt.deployment || attempt.name}</strong>
        <Tag>{attempt.provider || "–"}</Tag>
        <span className={classes.figures}>
          <Duration ms={durationOf(attempt)} unknown={t("traces.unknownDuration")} />
          <Money usd={attributes["madang.attempt.cost_usd"]} unknown={t("traces.unknownCost")} />
        </span>
      </div>
      <dl>
        <dt>{t("trace.outcome")}</dt>
        <dd>
          <StatusDot tone={failed ? "error" : attempt.status === "ok" ? "ok" : "warn"}>
            {outcomeWords(t, attempt)}
          </StatusDot>
          <Outcome attempt={attempt} />
        </dd>
        <dt>{t("trace.reason")}</dt>
        <dd>{reason ? whyWords(t, reason) : <span className={classes.none}>{t("trace.noReason")}</span>}</dd>
      </dl>
    </li>
  );
}

/** What a technician asks next: the kind of failure by its name, the HTTP status, and the vendor's words. */
function Outcome({ attempt }: { attempt: Span }) {
  if (attempt.status !== "error") return null;
  const status = attempt.attributes["http.response.status_code"];
  return (
    <div className={classes.said}>
      {attempt.error_type && <code>{attempt.error_type}</code>}
      {status && <span>HTTP {status}</span>}
      {attempt.status_message && <span>{attempt.status_message}</span>}
    </div>
  );
}
