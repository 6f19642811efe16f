// One line under the table: the totals of everything the filter fits, not of the rows that happen to be loaded.
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Summary } from "../api/shapes";
import { Count, Duration, Money } from "../design/Figures";
import classes from "./Totals.module.css";

export function Totals({ summary }: { summary: Summary | undefined }) {
  const { t } = useTranslation();
  return (
    <dl className={classes.totals} aria-label={t("traces.totals")}>
      <Total name={t("traces.title")}>
        <Count value={summary?.traces} />
      </Total>
      <Total name={t("traces.chartErrors")}>
        <Count value={summary?.errors} />
      </Total>
      <Total name={t("traces.latency")} title={t("traces.p95Help")}>
        {t("traces.median", { value: "" })}
        <Duration ms={summary?.p50_ms} /> · {t("traces.p95", { value: "" })}
        <Duration ms={summary?.p95_ms} />
      </Total>
      <Total name={t("traces.tokens")}>
        <Count value={summary?.total_tokens} />
      </Total>
      <Total name={t("traces.cost")}>
        <Money usd={summary?.cost_usd} unknown={t("traces.unknownCost")} />
        {summary && summary.unknown_cost > 0 && (
          <span className={classes.unknown}>{t("traces.totalUnknown", { n: summary.unknown_cost })}</span>
        )}
      </Total>
    </dl>
  );
}

function Total({ name, title, children }: { name: string; title?: string; children: ReactNode }) {
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
