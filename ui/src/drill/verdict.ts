// What a drill came to, from its minutes: what callers saw, and how calls were while it lasted against before. Pure.
import type { Drill, PlayedMinute } from "../api/shapes";

export interface Verdict {
  calls: number;
  errors: number;
  /** The reason most of the errors had; "" when there were none. */
  reason: string;
  /** Of calls while something was wrong, against before; 0.12 is 12 % more. Null where either is not known. */
  latency: number | null;
  cost: number | null;
  /** What 95 of 100 calls were faster than, in milliseconds, where it rose by a tenth or more. */
  slowest: { before: number; during: number } | null;
  /** Nobody at all was answered in the minutes in which something was wrong. */
  nobodyAnswered: boolean;
}

/** The spans in which something is wrong, joined where they touch, within the drill. */
export function shadesOf({ scenario }: Pick<Drill, "scenario">): { from: number; to: number }[] {
  const end = scenario.minutes ?? 0;
  const spans = (scenario.disturbances ?? [])
    .map((each) => ({ from: each.from_minute ?? 0, to: Math.min(each.to_minute ?? end, end) }))
    .toSorted((a, b) => a.from - b.from);
  const joined: { from: number; to: number }[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push(span);
  }
  return joined;
}

export function verdictOf(drill: Pick<Drill, "scenario" | "minutes">): Verdict {
  const shades = shadesOf(drill);
  const first = shades[0]?.from ?? Number.POSITIVE_INFINITY;
  const before = drill.minutes.filter((minute) => minute.minute + 1 <= first);
  const during = wrongMinutes(drill);
  const failures = reasonsOf(drill.minutes);
  const calls = sum(drill.minutes, (minute) => minute.calls);
  return {
    calls,
    errors: calls - sum(drill.minutes, (minute) => minute.answered),
    reason: Object.entries(failures).toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? "",
    latency: change(typicalMs(before, "p50_ms"), typicalMs(during, "p50_ms")),
    cost: change(costOfCall(before), costOfCall(during)),
    slowest: slowestOf(before, during),
    nobodyAnswered: during.length > 0 && sum(during, (minute) => minute.answered) === 0,
  };
}

/** Whether a deployment answered calls in minutes in which something was wrong. One that nobody asked did not. */
export function stayedInUse(drill: Pick<Drill, "scenario" | "minutes">, deployment: string): boolean {
  return wrongMinutes(drill).some((minute) => (minute.by_deployment[deployment] ?? 0) > 0);
}

export function reasonsOf(minutes: readonly PlayedMinute[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const minute of minutes)
    for (const [reason, count] of Object.entries(minute.failures)) all[reason] = (all[reason] ?? 0) + count;
  return all;
}

/** "100%" only where it is true: 9,999 of 10,000 are 99.99%, not 100%. */
export function shareText(share: number | null): string {
  if (share == null) return "–";
  if (share === 1 || share === 0) return `${share * 100}%`;
  const percent = share * 100;
  const places = percent > 99 ? 2 : 1;
  const scale = 10 ** places;
  return `${Math.min(Math.max(Math.floor(percent * scale) / scale, 1 / scale), 100 - 1 / scale)
    .toFixed(places)
    .replace(/\.0+$/, "")}%`;
}

/** The minutes in which something was wrong from beginning to end. */
function wrongMinutes(drill: Pick<Drill, "scenario" | "minutes">): PlayedMinute[] {
  const shades = shadesOf(drill);
  return drill.minutes.filter((minute) =>
    shades.some((shade) => shade.from <= minute.minute && minute.minute + 1 <= shade.to),
  );
}

const NOTABLE = 1.1;

function slowestOf(before: readonly PlayedMinute[], during: readonly PlayedMinute[]): Verdict["slowest"] {
  const [was, is] = [typicalMs(before, "p95_ms"), typicalMs(during, "p95_ms")];
  return was != null && is != null && is >= was * NOTABLE ? { before: was, during: is } : null;
}

/** The minutes' own percentiles, each counting as much as the minute answered. */
function typicalMs(minutes: readonly PlayedMinute[], of: "p50_ms" | "p95_ms"): number | null {
  const known = minutes.filter((minute) => minute[of] != null);
  const answered = sum(known, (minute) => minute.answered);
  return answered === 0 ? null : sum(known, (minute) => (minute[of] ?? 0) * minute.answered) / answered;
}

function costOfCall(minutes: readonly PlayedMinute[]): number | null {
  const answered = sum(minutes, (minute) => minute.answered);
  if (answered === 0 || minutes.some((minute) => minute.calls_without_price > 0)) return null;
  return sum(minutes, (minute) => Number(minute.cost_usd)) / answered;
}

function change(before: number | null, during: number | null): number | null {
  return before == null || during == null || before === 0 ? null : during / before - 1;
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
