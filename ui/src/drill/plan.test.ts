import { expect, test } from "vitest";
import { callsOf, disturbance, emptyPlan, planOf, sameDisturbances, withMinutes } from "./plan";

test("a longer drill keeps its disturbances at their places in it", () => {
  const plan = { ...emptyPlan("chat"), disturbances: [disturbance("down", 10)] };
  const [moved] = withMinutes(plan, 30).disturbances;
  expect([moved?.from_minute, moved?.to_minute]).toEqual([6, 24]);
});

test("a number of minutes that is still being typed does not destroy the plan", () => {
  const plan = { ...emptyPlan("chat"), disturbances: [disturbance("down", 10)] };
  expect(withMinutes(plan, 0).disturbances).toEqual(plan.disturbances);
});

test("the plan of an earlier drill fills in what it left open", () => {
  const plan = planOf({
    ...emptyPlan("chat"),
    minutes: 20,
    disturbances: [{ ...disturbance("cuts", 20), vendor: "openai" }],
  });
  expect(plan.disturbances).toMatchObject([
    { kind: "cuts", vendor: "openai", from_minute: 4, to_minute: 16 },
  ]);
  expect(callsOf(plan)).toBe(24_000);
});

test("disturbances are the same whatever order their fields came in", () => {
  const one = disturbance("down", 10, { vendor: "azure" });
  expect(sameDisturbances([one], [Object.fromEntries(Object.entries(one).toReversed()) as typeof one])).toBe(
    true,
  );
  expect(sameDisturbances([one], [{ ...one, share: 0.5 }])).toBe(false);
});

test("a short drill too has a whole minute before its disturbance", () => {
  const places = [1, 2, 3, 10].map((minutes) => disturbance("down", minutes));
  expect(places.map((one) => [one.from_minute, one.to_minute])).toEqual([
    [0.2, 0.8],
    [1, 2],
    [1, 2],
    [2, 8],
  ]);
});
