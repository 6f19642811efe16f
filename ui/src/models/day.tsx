// How a model did in the last 24 hours, as its callers saw it. All rows share one answer.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { modelsActivityQuery } from "../api/deployments";
import { Count, Duration } from "../design/Figures";
import { formatShare } from "../design/numbers";
import { Sparkline } from "../design/Sparkline";
import { usePlace } from "../session/session";

function useDay(alias: string) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const { data, isPending } = useQuery(modelsActivityQuery(project.id));
  const day = data?.models.find((one) => one.model === alias);
  return { day, missing: t(isPending ? "common.loading" : "activity.unknown") };
}

export function DayCalls({ alias }: { alias: string }) {
  const { day, missing } = useDay(alias);
  return <Count value={day?.calls} unknown={missing} />;
}

export function DayErrors({ alias }: { alias: string }) {
  const { day } = useDay(alias);
  const tone = day && day.failures > 0 ? "var(--md-error)" : "var(--md-dim)";
  return <span style={{ color: tone }}>{formatShare(day?.failures ?? 0, day?.calls ?? 0)}</span>;
}

export function DayLatency({ alias, of }: { alias: string; of: "p50_ms" | "p95_ms" }) {
  const { t } = useTranslation();
  const { day, missing } = useDay(alias);
  return <Duration ms={day?.[of]} unknown={day ? t("activity.noAnswers") : missing} />;
}

export function DayCourse({ alias }: { alias: string }) {
  const { t } = useTranslation();
  const { day } = useDay(alias);
  if (!day) return null;
  return (
    <Sparkline
      label={t("activity.sparkline", { calls: day.calls, failures: day.failures })}
      values={day.hours.map((hour) => ({ all: hour.calls, failed: hour.failures }))}
      height={18}
    />
  );
}
