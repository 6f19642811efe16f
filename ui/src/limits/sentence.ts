// A limit in words: whose it is, how much, and what happens to a call beyond it. Pure.
import type { TFunction } from "i18next";
import type { LimitKind, LimitScope } from "../api/shapes";
import { exactNumber, formatMoney } from "../design/numbers";

export const SCOPES: readonly LimitScope[] = ["organisation", "project", "key", "user", "model"];
export const KINDS: readonly LimitKind[] = [
  "requests_per_minute",
  "tokens_per_minute",
  "concurrency",
  "usd_per_day",
  "usd_per_month",
];
/** The subject of a limit that each key, user or model has by itself. */
export const EACH = "*";

/** What a limit is about, as its words need it. */
export interface Whose {
  scope: LimitScope;
  subject: string;
}

/** Names for what a subject does not tell: the organisation's, and those of keys by their public key. */
export interface Names {
  organisation: string;
  keys: Record<string, string>;
}

export function isMoney(kind: LimitKind): boolean {
  return kind === "usd_per_day" || kind === "usd_per_month";
}

/** Whether a limit of this scope is for one of several, or for each of them. */
export function hasSubject(scope: LimitScope): scope is "key" | "user" | "model" {
  return scope === "key" || scope === "user" || scope === "model";
}

/** "60", "100,000", "$2.00": an amount of this kind without its unit of time. */
export function amountText(kind: LimitKind, amount: string): string {
  return isMoney(kind) ? formatMoney(amount) : exactNumber(Number(amount));
}

/** "60 requests a minute". */
export function amountWords(t: TFunction, kind: LimitKind, amount: string): string {
  return t(`budgets.amounts.${kind}`, { count: Number(amount), amount: amountText(kind, amount) });
}

/** "Each user", "Key menu service": for a table. */
export function whoseLabel(t: TFunction, whose: Whose, names: Names): string {
  return t(`budgets.labels.${formOf(whose)}`, { name: nameOf(whose, names) });
}

/** "At most 60 requests a minute for each user of this project." */
export function limitSentence(
  t: TFunction,
  limit: Whose & { kind: LimitKind; amount: string },
  names: Names,
): string {
  const whose = t(`budgets.whose.${formOf(limit)}`, { name: nameOf(limit, names) });
  return t("budgets.atMost", { amount: amountWords(t, limit.kind, limit.amount), whose });
}

/** What a caller meets near the limit and beyond it. `softShare` is of the amount, above 0 and up to 1. */
export function beyondSentence(t: TFunction, kind: LimitKind, softShare: string): string {
  return `${t("budgets.warned", { share: `${percentOf(softShare)}%` })} ${t(`budgets.beyond.${kind}`)}`;
}

/** The amount as it is sent: null where nothing was typed, undefined where it is no amount of this kind. */
export function amountIn(kind: LimitKind, text: string): string | null | undefined {
  const typed = text
    .trim()
    .replace(/^\$/, "")
    .replace(/(\d),(?=\d{3}\b)/g, "$1");
  if (typed === "") return null;
  const shape = isMoney(kind) ? /^(\d+(\.\d*)?|\.\d+)$/ : /^\d+$/;
  return shape.test(typed) && Number(typed) > 0 ? typed : undefined;
}

/** "80" as the share 0.8; undefined for what is not above 0 and up to 100. */
export function shareIn(percent: string): string | undefined {
  const typed = percent.trim().replace(/%$/, "").trim();
  const number = /^\d+(\.\d+)?$/.test(typed) ? Number(typed) : 0;
  return number > 0 && number <= 100 ? String(number / 100) : undefined;
}

/** The other way round: "0.8" as "80". */
export function percentOf(share: string): string {
  return String(Number((Number(share) * 100).toFixed(4)));
}

function formOf({ scope, subject }: Whose) {
  if (!hasSubject(scope)) return scope;
  return subject === EACH ? (`${scope}Each` as const) : (`${scope}One` as const);
}

function nameOf({ scope, subject }: Whose, names: Names): string {
  if (scope === "organisation") return names.organisation;
  return scope === "key" ? (names.keys[subject] ?? subject) : subject;
}
