// Situations and disturbances in words.
import type { TFunction } from "i18next";
import type { Disturbance } from "../api/shapes";
import { vendorName } from "../calls/vendorName";
import { formatDuration } from "../design/numbers";
import type { Situation } from "./situations";
import { shareText } from "./verdict";

export function situationTitle(t: TFunction, situation: Situation): string {
  const [made] = situation.disturbances;
  return t(`drill.situations.${situation.kind}.title`, {
    vendor: vendorName(t, situation.vendor),
    region: situation.region,
    deployment: situation.deployment,
    seconds: made?.seconds,
    share: made ? shareText(made.share) : "",
  });
}

/** "Azure OpenAI eastus: down, minutes 2–8". */
export function disturbanceWords(t: TFunction, one: Partial<Disturbance>): string {
  const who = [one.vendor && vendorName(t, one.vendor), one.region, one.deployment].filter(Boolean);
  return t("drill.disturbance", {
    who: who.length > 0 ? who.join(" ") : t("drill.everybody"),
    what: whatWords(t, one),
    from: one.from_minute,
    to: one.to_minute,
  });
}

function whatWords(t: TFunction, one: Partial<Disturbance>): string {
  const share = one.share ?? 1;
  const what = t(`drill.whats.${one.kind ?? "down"}`, { seconds: formatDuration((one.seconds ?? 0) * 1000) });
  return share < 1 ? `${what} (${shareText(share)})` : what;
}

/** The name of a failure as traces name it; a reason that is not known yet is shown as it came. */
export function causeName(t: TFunction, reason: string): string {
  const names: Record<string, string> = t("trace.causes", { returnObjects: true });
  return names[reason] ?? reason;
}
