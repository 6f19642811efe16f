// Three small charts of calls: how many, how slow, how dear. Pure.
import type { TFunction } from "i18next";
import type { Chart, Summary } from "../api/shapes";
import type { ChartSpec } from "../design/chart";
import { formatCount, formatDuration, formatMoney, formatShare } from "../design/numbers";

/** `summary` gives the figures beside the titles; null leaves them out where they stand elsewhere. */
export function chartsOf(
  t: TFunction,
  chart: Chart | undefined,
  summary: Summary | null | undefined,
): ChartSpec[] {
  const points = chart?.points ?? [];
  const figures = summary && {
    calls: `${formatCount(summary.traces)} · ${t("traces.chartErrors")} ${formatShare(summary.errors, summary.traces)}`,
    latency: `${t("traces.median", { value: formatDuration(summary.p50_ms) })} · ${t("traces.p95", { value: formatDuration(summary.p95_ms) })}`,
    cost: formatMoney(summary.cost_usd),
  };
  return [
    {
      id: "calls",
      title: t("traces.chartCalls"),
      figure: figures?.calls ?? "",
      kind: "bars",
      format: formatCount,
      series: [
        {
          name: t("traces.seriesOk"),
          tone: "main",
          values: points.map((point) => point.traces - point.errors),
        },
        { name: t("traces.seriesError"), tone: "error", values: points.map((point) => point.errors) },
      ],
    },
    {
      id: "latency",
      title: t("traces.chartLatency"),
      figure: figures?.latency ?? "",
      kind: "band",
      format: formatDuration,
      series: [
        { name: t("traces.seriesP95"), tone: "soft", values: points.map((point) => point.p95_ms ?? null) },
        { name: t("traces.seriesP50"), tone: "main", values: points.map((point) => point.p50_ms ?? null) },
      ],
    },
    {
      id: "cost",
      title: t("traces.chartCost"),
      figure: figures?.cost ?? "",
      kind: "bars",
      format: formatMoney,
      series: [
        {
          name: t("traces.chartCost"),
          tone: "main",
          values: points.map((point) => (point.cost_usd == null ? null : Number(point.cost_usd))),
        },
      ],
    },
  ];
}

/** Beginning of each bucket, milliseconds since the epoch. */
export function timesOf(chart: Chart | undefined): number[] {
  return chart?.points.map((point) => new Date(point.time).getTime()) ?? [];
}
