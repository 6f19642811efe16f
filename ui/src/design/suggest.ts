// What to offer while somebody types in the filter box. Pure.
import type { FilterField } from "./filter";

export interface KnownValue {
  value: string;
  count: number;
}

export interface Suggestion {
  /** What the last word of the draft becomes. */
  insert: string;
  shown: string;
  hint: string;
  /** The word is whole; otherwise a value is still to be typed. */
  complete: boolean;
}

const MOST = 8;

export function suggestionsFor(
  draft: string,
  fields: readonly FilterField[],
  values: Record<string, KnownValue[]>,
): Suggestion[] {
  const word = lastWord(draft);
  const colon = word.indexOf(":");
  if (colon > 0)
    return valuesOf(word.slice(0, colon).toLowerCase(), word.slice(colon + 1), values).slice(0, MOST);
  if (word.includes(">")) return [];
  const byField = fields
    .filter((field) => field.key.startsWith(word.toLowerCase()))
    .map((field) => ({
      insert: `${field.key}${field.kind === "value" ? ":" : ">"}`,
      shown: `${field.key}${field.kind === "value" ? ":" : ">"}`,
      hint: field.label,
      complete: false,
    }));
  if (word.length < 2) return byField.slice(0, 12);
  const byValue = Object.keys(values).flatMap((key) => valuesOf(key, word, values));
  return [...byField, ...byValue].slice(0, MOST);
}

/** The draft with its last word replaced. */
export function withLastWord(draft: string, insert: string): string {
  return draft.slice(0, draft.length - lastWord(draft).length) + insert;
}

function valuesOf(key: string, typed: string, values: Record<string, KnownValue[]>): Suggestion[] {
  const wanted = typed.replace(/^"/, "").toLowerCase();
  return (values[key] ?? [])
    .filter((known) => known.value.toLowerCase().includes(wanted))
    .map((known) => ({
      insert: `${key}:${/[\s"]/.test(known.value) ? JSON.stringify(known.value) : known.value}`,
      shown: `${key}:${known.value}`,
      hint: known.count.toLocaleString("en-US"),
      complete: true,
    }));
}

function lastWord(draft: string): string {
  return /(?:[^\s"]|"[^"]*"?)*$/.exec(draft)?.[0] ?? "";
}
