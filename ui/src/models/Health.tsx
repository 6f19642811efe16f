// What the Gateway last saw of a deployment, and of a model as a whole.
import { useTranslation } from "react-i18next";
import type { Deployment } from "../api/shapes";
import { causeWords } from "../calls/words";
import { StatusDot } from "../design/Tag";
import { exactTime } from "../design/times";

type Seen = Pick<Deployment, "enabled" | "health">;

export function Health({ deployment }: { deployment: Seen | undefined }) {
  const { t } = useTranslation();
  if (!deployment?.enabled)
    return (
      <StatusDot tone="plain" title={t("models.offHelp")}>
        {t("models.off")}
      </StatusDot>
    );
  const { health } = deployment;
  if (!health)
    return (
      <StatusDot tone="plain" title={t("models.unknownHealthHelp")}>
        {t("models.unknownHealth")}
      </StatusDot>
    );
  const reason = causeWords(t, health.reason);
  if (health.state === "healthy")
    return (
      <StatusDot tone="ok" title={t("models.healthyHelp")}>
        {t("models.healthy")}
      </StatusDot>
    );
  if (health.state === "trial")
    return (
      <StatusDot tone="warn" title={t("models.trialHelp", { reason })}>
        {t("models.trial")}
      </StatusDot>
    );
  const until = health.until ? exactTime(new Date(health.until)) : "…";
  return (
    <StatusDot tone="warn" title={t("models.coolingHelp", { until, reason })}>
      {t("models.cooling")}
    </StatusDot>
  );
}

/** The state of a model is that of its deployments: well as long as none of them rests. */
export function ModelHealth({ deployments }: { deployments: Deployment[] }) {
  const { t } = useTranslation();
  const namesOf = (some: Deployment[]) =>
    some.map((one) => `${one.name} (${causeWords(t, one.health?.reason ?? "")})`).join(", ");
  const on = deployments.filter((deployment) => deployment.enabled);
  const cooling = on.filter((deployment) => deployment.health?.state === "cooling");
  if (cooling.length === 0) {
    const trials = on.filter((deployment) => deployment.health?.state === "trial");
    if (trials.length === 0)
      return <Health deployment={on.find((deployment) => deployment.health) ?? on[0]} />;
    return (
      <StatusDot tone="warn" title={t("models.onTrialHelp", { names: namesOf(trials) })}>
        {t("models.trial")} {trials.length}/{on.length}
      </StatusDot>
    );
  }
  return (
    <StatusDot
      tone={cooling.length === on.length ? "error" : "warn"}
      title={t("models.restingHelp", { names: namesOf(cooling) })}
    >
      {t("models.cooling")} {cooling.length}/{on.length}
    </StatusDot>
  );
}
