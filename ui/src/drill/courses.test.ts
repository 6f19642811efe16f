import type { TFunction } from "i18next";
import { expect, test } from "vitest";
import type { Drill, PlayedMinute } from "../api/shapes";
import { coursesOf } from "./courses";
import { emptyPlan } from "./plan";

const t = ((key: string) => key) as unknown as TFunction;

function chartsOf(minutes: Partial<PlayedMinute>[]) {
  const played = minutes.map((more, minute) => ({
    minute,
    calls: 10,
    answered: 10,
    success_rate: 1,
    failures: {},
    by_deployment: { east: 10 },
    cost_usd: "0.5",
    calls_without_price: 0,
    ...more,
  }));
  const drill = { scenario: { ...emptyPlan("chat"), minutes: 3 }, minutes: played } as unknown as Drill;
  return Object.fromEntries(coursesOf(t, drill).map((chart) => [chart.id, chart]));
}

test("minutes still to come are gaps, not zeros", () => {
  expect(chartsOf([{}, {}]).success?.series[0]?.values).toEqual([1, 1, null]);
});

test("a deployment that answered nobody in a minute has none there", () => {
  const { where } = chartsOf([{}, { by_deployment: { west: 10 } }, {}]);
  expect(where?.series.map((series) => [series.name, series.values])).toEqual([
    ["east", [10, 0, 10]],
    ["west", [0, 10, 0]],
  ]);
});

test("failed calls are a part of their own", () => {
  const { where } = chartsOf([{ answered: 7, success_rate: 0.7, by_deployment: { east: 7 } }, {}, {}]);
  expect(where?.series.at(-1)).toMatchObject({ name: "drill.failed", tone: "error", values: [3, 0, 0] });
});

test("a minute of unknown cost is a gap", () => {
  expect(chartsOf([{ calls_without_price: 10, cost_usd: "0" }, {}, {}]).cost?.series[0]?.values).toEqual([
    null,
    0.5,
    0.5,
  ]);
});

test("a small drop can be seen and no drop does not look like one", () => {
  expect(chartsOf([{}, {}, {}]).success?.least).toBe(0.9);
  expect(chartsOf([{ answered: 9.99, success_rate: 0.999 }, {}, {}]).success?.least).toBeCloseTo(0.99875);
});
