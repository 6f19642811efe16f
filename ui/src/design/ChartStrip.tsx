// A row of small charts above a table, each with its figure over the whole span.
import { useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import classes from "./ChartStrip.module.css";
import { type ChartSpec, hasPoints } from "./chart";

const Chart = lazy(() => import("./Chart"));

interface ChartStripProps {
  charts: ChartSpec[];
  times: number[];
  height?: number;
  loading?: boolean;
  onPick?: (index: number) => void;
}

export function ChartStrip({ charts, times, height = 72, loading, onPick }: ChartStripProps) {
  const { t } = useTranslation();
  const scheme = useComputedColorScheme("light");
  return (
    <div className={classes.strip} title={onPick ? t("design.zoomHint") : undefined}>
      {charts.map((spec) => (
        <figure key={spec.id} className={classes.chart}>
          <figcaption>
            <span className={classes.title}>{spec.title}</span> <strong>{spec.figure}</strong>
          </figcaption>
          {hasPoints(spec) ? (
            <Suspense fallback={<div style={{ height }} />}>
              <Chart spec={spec} times={times} scheme={scheme} height={height} onPick={onPick} />
            </Suspense>
          ) : (
            <div className={classes.none} style={{ height }}>
              {loading ? t("common.loading") : t("design.noData")}
            </div>
          )}
        </figure>
      ))}
    </div>
  );
}
