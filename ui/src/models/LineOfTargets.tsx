// The line of a call in words: who would be tried, one after the other, and why; and who cannot serve it.
import { useTranslation } from "react-i18next";
import type { Explanation, Vendor } from "../api/shapes";
import { VendorMark } from "../calls/VendorMark";
import { whyWords } from "../calls/why";
import { formatDuration } from "../design/numbers";
import { Tag } from "../design/Tag";
import classes from "./RouteSection.module.css";
import { unfitWords } from "./unfit";

export function LineOfTargets({ explained, alias }: { explained: Explanation; alias: string }) {
  const { t } = useTranslation();
  const nobody = explained.steps.length === 0;
  return (
    <>
      {nobody && <p role="alert">{t("route.nobody")}</p>}
      <ol className={classes.line} aria-label={t("route.line")}>
        {explained.steps.map((step, at) => (
          <li key={`${step.model} ${step.deployment}`}>
            <span className={classes.number}>{at + 1}</span>
            <span className={classes.who}>
              <VendorMark vendor={step.vendor as Vendor} />
              <strong>{step.deployment}</strong>
              {step.model !== alias && <Tag>{step.model}</Tag>}
            </span>
            <span>{whyWords(t, step.reason)}</span>
            <span className={classes.figures}>
              {step.p50_ms !== null &&
                t("route.lately", { p50: formatDuration(step.p50_ms), p95: formatDuration(step.p95_ms) })}
              {step.in_flight > 0 && ` · ${t("route.inFlight", { calls: step.in_flight })}`}
            </span>
          </li>
        ))}
        {explained.skipped.map((one) => (
          <li key={`${one.model} ${one.deployment}`} data-out>
            <span className={classes.number}>–</span>
            <span className={classes.who}>
              {one.deployment}
              {one.model !== alias && <Tag>{one.model}</Tag>}
            </span>
            <span>{unfitWords(t, one.why)}</span>
            <span />
          </li>
        ))}
      </ol>
    </>
  );
}
