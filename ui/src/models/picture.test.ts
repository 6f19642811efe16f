import { expect, test } from "vitest";
import type { Explanation } from "../api/shapes";
import { plainModel } from "./examples";
import { CARD, layoutOf } from "./layout";
import { type Picture, pictureOf } from "./picture";

const small = plainModel("small", [{ name: "s1" }]);
const long = plainModel("long", [{ name: "l1" }]);
const model = plainModel(
  "gpt-4o",
  [
    { name: "a", weight: 3 },
    { name: "b", weight: 1 },
    { name: "c", order: 2 },
    { name: "d", order: 2, enabled: false },
  ],
  { fallbacks: ["small"] },
);

const step = (deployment: string, alias: string, share: number) => ({
  deployment,
  model: alias,
  vendor: "openai",
  vendor_model: "gpt-4o",
  region: "",
  reason: "order 1",
  share,
  state: "healthy" as const,
  rests_s: 0,
  in_flight: 0,
  p50_ms: null,
  p95_ms: null,
  calls_known: 0,
});

const explained: Explanation = {
  model: "gpt-4o",
  strategy: "weighted",
  steps: [
    step("a", "gpt-4o", 0.75),
    step("b", "gpt-4o", 0.25),
    step("c", "gpt-4o", 0),
    step("s1", "small", 0),
  ],
  skipped: [],
  next_after: [
    { after: "outage", deployments: ["b", "c", "s1"] },
    { after: "policy_block", deployments: [] },
    { after: "context_overflow", deployments: ["l1"] },
  ],
};

const names = (picture: Picture) =>
  picture.columns.map((column) => column.cards.map((card) => card.deployment));
const turns = (picture: Picture) =>
  Object.fromEntries(
    picture.columns.flatMap((column) => column.cards).map((card) => [card.deployment, card.turn]),
  );

test("orders stand left to right, and the fallback models behind them", () => {
  expect(names(pictureOf(model, [model, small], explained, "now"))).toEqual([["a", "b"], ["c", "d"], ["s1"]]);
});

test("a deployment that is off is shown and gets no share", () => {
  const cards = pictureOf(model, [model, small], explained, "now").columns.flatMap((column) => column.cards);
  expect(cards.map((card) => [card.deployment, card.share, card.state])).toEqual([
    ["a", 0.75, "healthy"],
    ["b", 0.25, "healthy"],
    ["c", 0, "healthy"],
    ["d", 0, "off"],
    ["s1", 0, "healthy"],
  ]);
});

test("where chance decides by weight, shares are exact, not as they were drawn", () => {
  const weighted = { ...model, routing: { ...model.routing, strategy: "weighted" as const } };
  const drawn = {
    ...explained,
    steps: [step("a", "gpt-4o", 0.77), step("b", "gpt-4o", 0.23), step("c", "gpt-4o", 0)],
  };
  const cards = pictureOf(weighted, [small], drawn, "now").columns[0]?.cards;
  expect(cards?.map((card) => card.share)).toEqual([0.75, 0.25]);
});

test("after a failure those who are asked have their turns, and the first has failed", () => {
  const picture = pictureOf(model, [model, small], explained, "outage");
  expect(turns(picture)).toEqual({ a: null, b: 1, c: 2, d: null, s1: 3 });
  expect(picture.columns[0]?.cards[0]?.failed).toBe(true);
  expect(picture.asked).toBe(3);
});

test("a final failure asks nobody", () => {
  expect(pictureOf(model, [model, small], explained, "policy_block").asked).toBe(0);
});

test("a class of failure with models of its own shows those in place of the usual ones", () => {
  const own = { ...model, routing: { ...model.routing, fallbacks_after: { context_overflow: ["long"] } } };
  const picture = pictureOf(own, [own, small, long], explained, "context_overflow");
  expect(names(picture).at(-1)).toEqual(["l1"]);
  expect(turns(picture).l1).toBe(1);
  expect(names(pictureOf(own, [own, small, long], explained, "now")).at(-1)).toEqual(["s1"]);
});

test("fallbacks of fallbacks follow them, each once", () => {
  const chained = { ...small, fallbacks: ["long"] };
  const picture = pictureOf({ ...model, fallbacks: ["small", "long"] }, [chained, long], null, "now");
  expect(picture.columns.map((column) => column.fallback)).toEqual([null, null, "small", "long"]);
});

test("without an explanation shares are unknown, not zero", () => {
  expect(pictureOf(model, [], null, "now").columns[0]?.cards[0]?.share).toBeNull();
});

test("of two deployments with one name each is asked once", () => {
  const twin = plainModel("twin", [{ name: "b" }]);
  const both: Explanation = { ...explained, next_after: [{ after: "outage", deployments: ["b", "b"] }] };
  const picture = pictureOf({ ...model, fallbacks: ["twin"] }, [twin], both, "outage");
  const cards = picture.columns.flatMap((column) => column.cards).filter((card) => card.deployment === "b");
  expect(cards.map((card) => card.turn)).toEqual([1, 2]);
});

test("nothing stands on anything else, and all of it is inside", () => {
  const layout = layoutOf(pictureOf(model, [small], explained, "outage"));
  const places = Object.values(layout.cards);
  expect(new Set(places.map((place) => `${place.x} ${place.y}`)).size).toBe(places.length);
  for (const place of places) {
    expect(place.x).toBeGreaterThan(layout.caller.x + layout.caller.width);
    expect(place.x + CARD.width).toBeLessThanOrEqual(layout.width);
    expect(place.y + CARD.height).toBeLessThanOrEqual(layout.height);
  }
  expect(layout.lines.filter((line) => line.kind === "then")).toHaveLength(3);
});
