// How a model did in the last 24 hours, as its callers saw it. Each row asks for its own, and only while it is in view.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { chartQuery, summaryQuery } from "../api/traces";
import { Count, Duration } from "../design/Figures";
import { formatShare } from "../design/numbers";
import { Sparkline } from "../design/Sparkline";
import { usePlace } from "../session/session";

const DAY_MS = 86_400_000;
const EVERY_MS = 30_000;
const HOURS = 24;

function useDay(alias: string) {
  const { project } = usePlace();
  const lastDay = () => ({ model: [alias], from: new Date(Date.now() - DAY_MS).toISOString() });
  const key = `day of ${alias}`;
  const options = { refetchInterval: EVERY_MS, staleTime: EVERY_MS };
  return {
    summary: useQuery({ ...summaryQuery(project.id, key, lastDay), ...options }),
    chart: useQuery({ ...chartQuery(project.id, key, lastDay, HOURS), ...options }),
  };
}

export function DayCalls({ alias }: { alias: string }) {
  const { t } = useTranslation();
  const { summary } = useDay(alias);
  return (
    <Count
      value={summary.data?.traces}
      unknown={t(summary.isError ? "design.failedTitle" : "common.loading")}
    />
  );
}

export function DayErrors({ alias }: { alias: string }) {
  const { summary } = useDay(alias);
  const { errors = 0, traces = 0 } = summary.data ?? {};
  const style = errors > 0 ? { color: "var(--md-error)" } : { color: "var(--md-dim)" };
  return <span style={style}>{formatShare(errors, traces)}</span>;
}

export function DayLatency({ alias, of }: { alias: string; of: "p50_ms" | "p95_ms" }) {
  const { t } = useTranslation();
  const { summary } = useDay(alias);
  return <Duration ms={summary.data?.[of]} unknown={t("models.unknownHealth")} />;
}

export function DayCourse({ alias }: { alias: string }) {
  const { t } = useTranslation();
  const { chart } = useDay(alias);
  if (!chart.data) return null;
  const { points } = chart.data;
  const calls = points.reduce((sum, point) => sum + point.traces, 0);
  const failures = points.reduce((sum, point) => sum + point.errors, 0);
  return (
    <Sparkline
      label={t("activity.sparkline", { calls, failures })}
      values={points.map((point) => ({ all: point.traces, failed: point.errors }))}
      height={18}
    />
  );
}
