// The four charts of a drill, minute by minute: success, latency, where calls went, cost. Pure.
import type { TFunction } from "i18next";
import type { Drill, PlayedMinute } from "../api/shapes";
import type { CourseSpec } from "../design/course";
import { formatCount, formatDuration, formatMoney } from "../design/numbers";
import { shareText } from "./verdict";

export function coursesOf(t: TFunction, drill: Pick<Drill, "minutes" | "scenario">): CourseSpec[] {
  const steps = drill.scenario.minutes ?? drill.minutes.length;
  const at = new Map(drill.minutes.map((minute) => [minute.minute, minute]));
  const each = (of: (minute: PlayedMinute) => number | null) =>
    Array.from({ length: steps }, (_, step) => {
      const minute = at.get(step);
      return minute ? of(minute) : null;
    });
  const calls = total(drill.minutes, (minute) => minute.calls);
  const answered = total(drill.minutes, (minute) => minute.answered);
  const rates = each((minute) => minute.success_rate);
  const worst = Math.min(1, ...rates.filter((rate): rate is number => rate != null));
  const unpriced = total(drill.minutes, (minute) => minute.calls_without_price);
  const deployments = [
    ...new Set(drill.minutes.flatMap((minute) => Object.keys(minute.by_deployment))),
  ].toSorted();
  return [
    {
      id: "success",
      title: t("drill.success"),
      figure: calls > 0 ? shareText(answered / calls) : "",
      kind: "line",
      // A drop must be seen however small it is, and a flat line must not look like one.
      least: worst === 1 ? 0.9 : Math.max(0, 1 - (1 - worst) * 1.25),
      most: 1,
      format: shareText,
      series: [{ name: t("drill.success"), tone: "main", values: rates }],
    },
    {
      id: "latency",
      title: t("drill.latency"),
      figure: "",
      kind: "band",
      format: formatDuration,
      series: [
        { name: "p99", tone: "faint", values: each((minute) => minute.p99_ms) },
        { name: "p95", tone: "soft", values: each((minute) => minute.p95_ms) },
        { name: t("drill.median"), tone: "main", values: each((minute) => minute.p50_ms) },
      ],
    },
    {
      id: "where",
      title: t("drill.where"),
      figure: "",
      kind: "bars",
      format: formatCount,
      series: [
        ...deployments.map((name, place) => ({
          name,
          tone: place,
          values: each((minute) => minute.by_deployment[name] ?? 0),
        })),
        ...(calls > answered
          ? [
              {
                name: t("drill.failed"),
                tone: "error" as const,
                values: each((minute) => minute.calls - minute.answered),
              },
            ]
          : []),
      ],
    },
    {
      id: "cost",
      title: t("drill.costPerMinute"),
      figure: unpriced > 0 ? t("drill.unpriced", { n: formatCount(unpriced) }) : "",
      kind: "bars",
      format: formatMoney,
      series: [
        {
          name: t("drill.cost"),
          tone: "main",
          // A minute of which nothing is priced has an unknown cost, not none.
          values: each((minute) => (isUnpriced(minute) ? null : Number(minute.cost_usd))),
        },
      ],
    },
  ];
}

/** Whether nothing is known of what a minute's answers cost. */
export function isUnpriced(minute: Pick<PlayedMinute, "calls_without_price" | "answered">): boolean {
  return minute.answered > 0 && minute.calls_without_price >= minute.answered;
}

function total(minutes: readonly PlayedMinute[], of: (minute: PlayedMinute) => number): number {
  return minutes.reduce((sum, minute) => sum + of(minute), 0);
}
