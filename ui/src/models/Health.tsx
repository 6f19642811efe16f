// What the Gateway last saw of a deployment.
import { useTranslation } from "react-i18next";
import type { Deployment } from "../api/shapes";
import { StatusDot } from "../design/Tag";
import { exactTime } from "../design/times";

export function Health({ deployment }: { deployment: Pick<Deployment, "enabled" | "health"> | undefined }) {
  const { t } = useTranslation();
  if (!deployment?.enabled) return <StatusDot tone="plain">{t("models.off")}</StatusDot>;
  const { health } = deployment;
  if (!health) return <StatusDot tone="plain">{t("models.unknownHealth")}</StatusDot>;
  if (health.state === "healthy") return <StatusDot tone="ok">{t("models.healthy")}</StatusDot>;
  const until = health.until ? exactTime(new Date(health.until)) : "…";
  return (
    <StatusDot tone="warn" title={t("models.coolingHelp", { until, reason: health.reason })}>
      {t("models.cooling")}
    </StatusDot>
  );
}
