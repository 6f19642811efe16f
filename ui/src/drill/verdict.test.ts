import { expect, test } from "vitest";
import type { PlayedMinute } from "../api/shapes";
import { disturbance, emptyPlan } from "./plan";
import { shadesOf, shareText, stayedInUse, verdictOf } from "./verdict";

function minute(number: number, more: Partial<PlayedMinute> = {}): PlayedMinute {
  return {
    minute: number,
    calls: 100,
    answered: 100,
    success_rate: 1,
    failures: {},
    attempts: 100,
    by_deployment: { east: 100 },
    p50_ms: 1000,
    p95_ms: 2000,
    p99_ms: 3000,
    first_token_p50_ms: 300,
    first_token_p95_ms: 500,
    cost_usd: "1.00",
    calls_without_price: 0,
    ...more,
  };
}

function drill(minutes: PlayedMinute[], from = 2, to = 4) {
  const wrong = disturbance("down", 10, { from_minute: from, to_minute: to });
  return { scenario: { ...emptyPlan("chat"), minutes: 5, disturbances: [wrong] }, minutes };
}

test("calls while something is wrong are held against those before it, and those after are left out", () => {
  const during = { p50_ms: 1030, cost_usd: "1.12" };
  const after = minute(4, { p50_ms: 9000, cost_usd: "9" });
  const found = verdictOf(drill([minute(0), minute(1), minute(2, during), minute(3, during), after]));
  expect(found.latency).toBeCloseTo(0.03);
  expect(found.cost).toBeCloseTo(0.12);
  expect(found.errors).toBe(0);
});

test("errors are counted with the reason that most of them had", () => {
  const failures = { timeout: 2, connection: 8 };
  const found = verdictOf(drill([minute(0), minute(1), minute(2, { answered: 90, failures })]));
  expect([found.errors, found.calls, found.reason]).toEqual([10, 300, "connection"]);
});

test("without a minute before, nothing is compared", () => {
  const found = verdictOf(drill([minute(0), minute(1)], 0, 5));
  expect([found.latency, found.cost]).toEqual([null, null]);
});

test("a cost that is not known is not compared", () => {
  expect(verdictOf(drill([minute(0), minute(1), minute(2, { calls_without_price: 1 })])).cost).toBeNull();
});

test("minutes in which nobody was answered are said to be that", () => {
  const dead = { answered: 0, p50_ms: null, failures: { connection: 100 } };
  const found = verdictOf(drill([minute(0), minute(1), minute(2, dead), minute(3, dead)]));
  expect([found.nobodyAnswered, found.latency]).toEqual([true, null]);
});

test("disturbances that touch are one shaded span, and none goes past the end", () => {
  const spans = [
    [3, 9],
    [1, 2],
    [2, 2.5],
  ].map(([from_minute, to_minute]) => disturbance("down", 5, { from_minute, to_minute }));
  expect(shadesOf({ scenario: { ...emptyPlan("chat"), minutes: 5, disturbances: spans } })).toEqual([
    { from: 1, to: 2.5 },
    { from: 3, to: 5 },
  ]);
});

test("only what is whole is called 100% or 0%", () => {
  expect([1, 0, 0.05, 0.5, 0.99999, 0.9987, 0.00001].map(shareText)).toEqual([
    "100%",
    "0%",
    "5%",
    "50%",
    "99.99%",
    "99.87%",
    "0.1%",
  ]);
  expect(shareText(null)).toBe("–");
});

test("a deployment stayed in use if it answered while something was wrong, not if it was never asked", () => {
  const found = drill([minute(0), minute(2, { by_deployment: { west: 100 } })]);
  expect(["east", "west", "spare"].map((name) => stayedInUse(found, name))).toEqual([false, true, false]);
});

test("the slowest calls are told of where they became slower, and left out where they did not", () => {
  const late = { p95_ms: 10_000 };
  const found = verdictOf(drill([minute(0), minute(1), minute(2, late), minute(3, late)]));
  expect(found.slowest).toEqual({ before: 2000, during: 10_000 });
  expect(verdictOf(drill([minute(0), minute(1), minute(2), minute(3)])).slowest).toBeNull();
});
