// What a drill is to play, as the form holds it. Pure.
import type { Disturbance, DisturbanceKind, ScenarioInput } from "../api/shapes";

export type Plan = Required<Omit<ScenarioInput, "disturbances">> & { disturbances: Disturbance[] };

export const KINDS: readonly DisturbanceKind[] = [
  "down",
  "unavailable",
  "hangs",
  "errors",
  "throttled",
  "blocks",
  "slow_first_token",
  "cuts",
  "misconfigured",
];

/** Those whose `seconds` mean something. */
export const TIMED: readonly DisturbanceKind[] = ["hangs", "throttled", "slow_first_token"];

export function emptyPlan(model: string): Plan {
  return {
    model,
    minutes: 10,
    per_second: 20,
    stream_share: 0.5,
    prompt_tokens: 400,
    answer_tokens: 120,
    seed: 1,
    disturbances: [],
  };
}

/** A disturbance of everybody from the second tenth of the drill to the eighth, unless told otherwise; where there is room,
 * in whole minutes and with one before it, which the others are held against. */
export function disturbance(
  kind: DisturbanceKind,
  minutes: number,
  more: Partial<Disturbance> = {},
): Disturbance {
  return {
    kind,
    vendor: "",
    region: "",
    deployment: "",
    share: 1,
    seconds: 30,
    ...middleOf(minutes),
    ...more,
  };
}

function middleOf(minutes: number): Pick<Disturbance, "from_minute" | "to_minute"> {
  if (minutes < 2) return { from_minute: tenth(minutes * 0.2), to_minute: tenth(minutes * 0.8) };
  const from = Math.max(1, Math.round(minutes * 0.2));
  return { from_minute: from, to_minute: Math.max(from + 1, Math.round(minutes * 0.8)) };
}

/** The plan over another number of minutes; disturbances keep their places in it. */
export function withMinutes(plan: Plan, minutes: number): Plan {
  if (!(plan.minutes > 0) || !(minutes > 0)) return { ...plan, minutes };
  const factor = minutes / plan.minutes;
  return {
    ...plan,
    minutes,
    disturbances: plan.disturbances.map((each) => ({
      ...each,
      from_minute: tenth(each.from_minute * factor),
      to_minute: tenth(each.to_minute * factor),
    })),
  };
}

/** The plan of a drill that was played, where what it left open is filled in. */
export function planOf(scenario: ScenarioInput): Plan {
  const plain = emptyPlan(scenario.model);
  return {
    ...plain,
    ...scenario,
    disturbances: (scenario.disturbances ?? []).map((each) => ({
      ...disturbance(each.kind, scenario.minutes ?? plain.minutes),
      ...each,
    })),
  };
}

export function callsOf(plan: Plan): number {
  return Math.round(plan.minutes * 60 * plan.per_second);
}

export function sameDisturbances(a: readonly Disturbance[], b: readonly Disturbance[]): boolean {
  return JSON.stringify(a.map(inOrder)) === JSON.stringify(b.map(inOrder));
}

function inOrder(one: Disturbance): unknown[] {
  return [
    one.kind,
    one.vendor,
    one.region,
    one.deployment,
    one.share,
    one.seconds,
    one.from_minute,
    one.to_minute,
  ];
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
