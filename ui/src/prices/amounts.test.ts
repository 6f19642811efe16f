import { expect, test } from "vitest";
import type { PriceOverride } from "../api/shapes";
import { type Amounts, amountTyped, missingBecause, priceText, standingOf } from "./amounts";

test("a price keeps all its digits and has at least two", () => {
  expect(["2.5", "0.125", "10", "0", "0.0000", "1250.000"].map(priceText)).toEqual([
    "$2.50",
    "$0.125",
    "$10.00",
    "$0",
    "$0",
    "$1250.00",
  ]);
});

test("a price with endless digits is shortened", () => {
  expect(priceText("0.083333333333333")).toBe("$0.083");
});

test("what people type as a price is sent as it is, and nothing else is", () => {
  expect(["", " 2.50 ", "$3", ".5", "0"].map(amountTyped)).toEqual([null, "2.50", "3", ".5", "0"]);
  expect(["-1", "2,5", "1e3", "free", "NaN"].map(amountTyped)).toEqual(Array(5).fill(undefined));
});

test("a missing amount tells what happens instead", () => {
  const priced = { input: "1" } as Amounts;
  const unpriced = { input: null } as Amounts;
  expect(missingBecause(priced, "cached_input")).toBe("asInput");
  expect(missingBecause(unpriced, "cached_input")).toBe("unknown");
  expect(missingBecause(priced, "audio_input")).toBe("unknown");
  expect(missingBecause(priced, "per_request")).toBe("noFee");
});

test("of several own prices for a model the latest that has begun counts", () => {
  const own = ["2026-12-01", "2026-11-01", "2026-01-01"].map(
    (valid_from) => ({ vendor: "openai", model: "gpt-4o", valid_from }) as PriceOverride,
  );
  expect(own.map((one) => standingOf(one, own, "2026-11-22"))).toEqual(["upcoming", "current", "superseded"]);
});
