// The language of the filter box: `model:gpt-4o status:error latency>3s "free text"`.
// Pure: text in, terms out, and back. Which fields exist is told by whoever shows the box.

export type FieldKind = "value" | "duration" | "money";

export interface FilterField {
  /** What people type before the sign. */
  key: string;
  kind: FieldKind;
  /** In words, for completion. */
  label: string;
  /** May be given several times, meaning any of the values. */
  many?: boolean;
}

export type Sign = ":" | ">";

export interface Term {
  key: string;
  sign: Sign;
  value: string;
  /** Why this term cannot be used; absent when it can. */
  wrong?: "unknown_field" | "no_value" | "bad_number" | "bad_sign";
}

export interface Filter {
  terms: Term[];
  /** Words to look for in inputs and outputs; "" when none. */
  text: string;
}

const TOKEN = /([A-Za-z_.]+)(:|>=|>)("(?:[^"\\]|\\.)*"?|[^\s"]*)|"((?:[^"\\]|\\.)*)"?|(\S+)/g;

export function parseFilter(source: string, fields: readonly FilterField[]): Filter {
  const terms: Term[] = [];
  const words: string[] = [];
  for (const [token, key, sign, value, quoted, word] of source.matchAll(TOKEN)) {
    if (key !== undefined && sign !== undefined) {
      // "http://…" or "12:30" is text, not a field with an odd name.
      if (value?.startsWith("//")) words.push(token);
      else terms.push(checked({ key, sign: sign === ":" ? ":" : ">", value: unquoted(value ?? "") }, fields));
    } else if (quoted !== undefined) words.push(unquoted(`"${quoted}"`));
    else if (word !== undefined) words.push(word);
  }
  return { terms, text: words.filter(Boolean).join(" ") };
}

/** The filter as one line that parses to itself. */
export function writeFilter(filter: Filter): string {
  const parts = filter.terms.map(writeTerm);
  if (filter.text) parts.push(quote(filter.text, /[\s":>]/));
  return parts.join(" ");
}

export function writeTerm(term: Term): string {
  return `${term.key}${term.sign}${quote(term.value, /[\s"]/)}`;
}

/** The filter with these terms too. A field that takes one value gives up the one it had. */
export function withTerms(filter: Filter, added: readonly Term[], fields: readonly FilterField[]): Filter {
  const replaced = (term: Term) =>
    added.some((other) => sameTerm(other, term) || (other.key === term.key && !takesMany(term.key, fields)));
  return { ...filter, terms: [...filter.terms.filter((term) => !replaced(term)), ...added] };
}

/** The filter with this term, or without it when it is there already. */
export function toggleTerm(filter: Filter, term: Term, fields: readonly FilterField[]): Filter {
  const others = filter.terms.filter((other) => !sameTerm(other, term));
  return others.length < filter.terms.length
    ? { ...filter, terms: others }
    : withTerms(filter, [term], fields);
}

export function hasTerm(filter: Filter, key: string, value: string): boolean {
  return filter.terms.some((term) => term.key === key && term.value === value);
}

/** Milliseconds of "3s", "250ms", "1.5m", "2h", or a bare number of milliseconds; null when it is none of these. */
export function durationOf(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min|h)?$/.exec(text.trim());
  if (!match) return null;
  const size = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }[match[2] ?? "ms"] ?? 1;
  return Number(match[1]) * size;
}

/** The decimal number in "$0.01" or "0.01" as text, so that no digit is lost; null when it is none. */
export function amountIn(text: string): string | null {
  const match = /^\$?(\d+(?:\.\d+)?|\.\d+)$/.exec(text.trim());
  return match?.[1] ?? null;
}

function checked(term: Term, fields: readonly FilterField[]): Term {
  const field = fields.find((known) => known.key === term.key.toLowerCase());
  if (!field) return { ...term, wrong: "unknown_field" };
  const found = { ...term, key: field.key };
  if (!term.value) return { ...found, wrong: "no_value" };
  if ((term.sign === ">") !== (field.kind !== "value")) return { ...found, wrong: "bad_sign" };
  if (field.kind === "duration" && durationOf(term.value) == null) return { ...found, wrong: "bad_number" };
  if (field.kind === "money" && amountIn(term.value) == null) return { ...found, wrong: "bad_number" };
  return found;
}

function takesMany(key: string, fields: readonly FilterField[]): boolean {
  return fields.find((field) => field.key === key)?.many ?? false;
}

function sameTerm(a: Term, b: Term): boolean {
  return a.key === b.key && a.sign === b.sign && a.value === b.value;
}

function quote(value: string, needed: RegExp): string {
  return needed.test(value) || value === "" ? `"${value.replace(/[\\"]/g, "\\$&")}"` : value;
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  const inner = value.length > 1 && value.endsWith('"') ? value.slice(1, -1) : value.slice(1);
  return inner.replace(/\\(.)/g, "$1");
}
