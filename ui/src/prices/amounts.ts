// The amounts of a price: their names, their units, and why one may be missing. Pure.
import type { ModelPrice, PriceOverride } from "../api/shapes";
import { formatMoney } from "../design/numbers";

export const AMOUNTS = [
  "input",
  "output",
  "cached_input",
  "cache_write",
  "cache_write_1h",
  "audio_input",
  "audio_output",
  "image_input",
  "image_output",
  "per_request",
  "per_image",
  "per_audio_minute",
  "per_million_characters",
] as const;

export type Amount = (typeof AMOUNTS)[number];
export type Amounts = Pick<ModelPrice, Amount>;

/** Those that most models have; the others are folded away until asked for. */
export const USUAL: readonly Amount[] = ["input", "output", "cached_input", "cache_write"];

/** Whether the amount is per million tokens; the name of any other says what it is for. */
export function isPerTokens(amount: Amount): boolean {
  return !amount.startsWith("per_");
}

/** Why a listed price has no such amount, as `docs/prices.md` tells what happens then. */
export function missingBecause(price: Amounts, amount: Amount): "asInput" | "noFee" | "unknown" {
  if (amount === "per_request") return "noFee";
  if ((amount === "cached_input" || amount === "image_input") && price.input !== null) return "asInput";
  return "unknown";
}

export type Standing = "current" | "upcoming" | "superseded";

/** Whether an own price counts on `today` (UTC, as 2026-11-22), does not yet, or has given way to a later one. */
export function standingOf(one: PriceOverride, all: readonly PriceOverride[], today: string): Standing {
  if (one.valid_from > today) return "upcoming";
  const isReplaced = all.some(
    (other) =>
      other.vendor === one.vendor &&
      other.model === one.model &&
      other.valid_from > one.valid_from &&
      other.valid_from <= today,
  );
  return isReplaced ? "superseded" : "current";
}

/** The amount as it is sent: null where the field is empty; undefined where it is no number. */
export function amountTyped(text: string): string | null | undefined {
  const trimmed = text.trim().replace(/^\$/, "");
  if (trimmed === "") return null;
  return /^(\d+(\.\d*)?|\.\d+)$/.test(trimmed) ? trimmed : undefined;
}

/** "$2.50", "$0.125": a price is written with all its digits, unless they are more than anybody agreed on. */
export function priceText(usd: string): string {
  const [whole, decimals = ""] = usd.split(".");
  const kept = decimals.replace(/0+$/, "");
  if (Number(usd) === 0) return "$0";
  return kept.length > 6 ? formatMoney(usd) : `$${whole}.${kept.padEnd(2, "0")}`;
}
