// Ready-made situations for one model, made of the vendors and regions that its calls can reach. Pure.
import type { Deployment, Disturbance, Model } from "../api/shapes";
import { disturbance } from "./plan";

export type SituationKind =
  | "region"
  | "deployment"
  | "vendor"
  | "throttled"
  | "blocks"
  | "late"
  | "revoked"
  | "cut";

export interface Situation {
  kind: SituationKind;
  /** Whom it is about, as the title names it. */
  vendor: string;
  region: string;
  deployment: string;
  disturbances: Disturbance[];
}

const BLOCKED_SHARE = 0.05;
const LATE_S = 8;
const CUT_SHARE = 0.2;

/** The deployments that answer for `alias`: its own, then those of the models after it; first those asked first. */
export function reachable(models: readonly Model[], alias: string): Deployment[] {
  const byAlias = new Map(models.map((model) => [model.alias, model]));
  const own = byAlias.get(alias);
  if (!own) return [];
  const later = [...own.fallbacks, ...Object.values(own.routing.fallbacks_after ?? {}).flat()];
  const names = [...new Set([alias, ...later.filter((name): name is string => typeof name === "string")])];
  const found = names.flatMap((name) =>
    [...(byAlias.get(name)?.deployments ?? [])]
      .filter((one) => one.enabled)
      .toSorted((a, b) => a.order - b.order || b.weight - a.weight),
  );
  const known = new Set<string>();
  return found.filter((one) => {
    const place = `${one.vendor} ${one.region} ${one.name}`;
    return !known.has(place) && known.add(place);
  });
}

export function situationsOf(deployments: readonly Deployment[], minutes: number): Situation[] {
  const first = deployments[0];
  if (!first) return [];
  const vendors = [...new Set(deployments.map((one) => one.vendor))];
  const regions = deployments.filter(
    (one, place) =>
      one.region &&
      deployments.findIndex((other) => other.region === one.region && other.vendor === one.vendor) === place,
  );
  const blocking = vendors.find((vendor) => vendor === "gemini" || vendor === "vertex") ?? first.vendor;
  const about = (kind: SituationKind, who: Partial<Deployment>, made: Disturbance): Situation => ({
    kind,
    vendor: who.vendor ?? "",
    region: who.region ?? "",
    deployment: who.name ?? "",
    disturbances: [made],
  });
  const down = regions
    .slice(0, 2)
    .map(({ vendor, region }) =>
      about("region", { vendor, region }, disturbance("down", minutes, { vendor, region })),
    );
  const alone = about(
    "deployment",
    { name: first.name },
    disturbance("down", minutes, { deployment: first.name }),
  );
  const { vendor, name } = first;
  return [
    ...(down.length > 0 ? down : [alone]),
    ...(vendors.length > 1
      ? [about("vendor", { vendor }, disturbance("unavailable", minutes, { vendor }))]
      : []),
    about("throttled", { vendor }, disturbance("throttled", minutes, { vendor, seconds: 20 })),
    about("late", { name }, disturbance("slow_first_token", minutes, { deployment: name, seconds: LATE_S })),
    about(
      "blocks",
      { vendor: blocking },
      disturbance("blocks", minutes, { vendor: blocking, share: BLOCKED_SHARE }),
    ),
    about("revoked", { name }, disturbance("misconfigured", minutes, { deployment: name })),
    about("cut", { name }, disturbance("cuts", minutes, { deployment: name, share: CUT_SHARE })),
  ];
}
