import { expect, test } from "vitest";
import { type FilterField, parseFilter } from "../design/filter";
import { FIELDS, readSearch, requestOf, spanOfTime, withSpanOfTime } from "./view";

const fields: FilterField[] = Object.entries(FIELDS).map(([key, { kind }]) => ({ key, kind, label: key }));
const NOW = Date.UTC(2026, 10, 22, 10);

test("the filter box becomes the server's parameters", () => {
  const filter = parseFilter(
    'model:gpt-4o model:gpt-4o-mini error:timeout env:production latency>3s cost>0.010 "환불"',
    fields,
  );
  expect(requestOf(filter, { range: "1h" }, NOW)).toEqual({
    from: "2026-11-22T09:00:00.000Z",
    text: "환불",
    model: ["gpt-4o", "gpt-4o-mini"],
    error_type: ["timeout"],
    environment: ["production"],
    min_duration_ms: 3000,
    min_cost_usd: "0.010",
  });
});

test("a moving span has an open end, a fixed one has both", () => {
  expect(requestOf(parseFilter("", fields), { range: "1h" }, NOW).to).toBeUndefined();
  expect(requestOf(parseFilter("", fields), { from: NOW - 1000, to: NOW }, NOW).to).toBe(
    "2026-11-22T10:00:00.000Z",
  );
});

test("a term that is wrong is not sent", () => {
  expect(requestOf(parseFilter("latency>slow", fields), { range: "1h" }, NOW)).not.toHaveProperty(
    "min_duration_ms",
  );
});

test("a senseless address falls back to the usual view", () => {
  expect(readSearch({ range: "century", from: "x", to: 3, live: "no" })).toEqual({});
  expect(spanOfTime(readSearch({}))).toEqual({ range: "24h" });
});

test("choosing a span replaces the one before", () => {
  expect(withSpanOfTime({ q: "a", range: "1h" }, { from: 1, to: 2 })).toEqual({ q: "a", from: 1, to: 2 });
  expect(withSpanOfTime({ q: "a", from: 1, to: 2 }, { range: "24h" })).toEqual({ q: "a" });
});
