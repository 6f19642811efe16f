// Why a deployment was tried, in the person's language. The pipeline writes it in short English phrases;
// one that is not known here is shown as it was written. Pure.
import type { TFunction } from "i18next";
import { causeWords } from "./words";

export function whyWords(t: TFunction, written: string): string {
  const before: string[] = [];
  let rest = written;
  for (;;) {
    const after = /^after (.+?): (\w+); /.exec(rest);
    const fallback = /^fallback model (.+?): /.exec(rest);
    if (after) before.push(t("why.after", { name: after[1], cause: causeWords(t, after[2] ?? "") }));
    else if (fallback) before.push(t("why.fallback", { model: fallback[1] }));
    else break;
    rest = rest.slice((after ?? fallback)?.[0].length);
  }
  const last = lastWords(t, rest);
  return last === null ? written : [...before, last].join(" · ");
}

function lastWords(t: TFunction, rest: string): string | null {
  if (rest === "the only deployment") return t("why.only");
  const order = /^order (\d+)(?:, (standby) \(weight 0\)|, weight (\S+) of (\S+))?$/.exec(rest);
  if (order) {
    const [, at, standby, weight, total] = order;
    if (standby) return t("why.standby", { order: at });
    return weight ? t("why.weight", { order: at, weight, total }) : t("why.order", { order: at });
  }
  const resting = /^resting after (\w+), tried last$/.exec(rest);
  if (resting) return t("why.resting", { cause: causeWords(t, resting[1] ?? "") });
  const retry = /^retry (\d+) of (\d+) after (\w+)$/.exec(rest);
  if (retry)
    return t("why.retry", { number: retry[1], most: retry[2], cause: causeWords(t, retry[3] ?? "") });
  return null;
}
