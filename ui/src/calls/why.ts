// Why a deployment was tried, in the person's language. The pipeline writes it in short English phrases;
// one that is not known here is shown as it was written. Pure.
import type { TFunction } from "i18next";
import { causeWords } from "./words";

export function whyWords(t: TFunction, written: string): string {
  const before: string[] = [];
  let rest = written;
  for (;;) {
    const found = beforeWords(t, rest);
    if (!found) break;
    before.push(found.words);
    rest = rest.slice(found.length);
  }
  const last = lastWords(t, rest);
  return last === null ? written : [...before, last].join(" · ");
}

/** What came before the choice itself: a failure, a request that was too slow, the fallback model it is about. */
function beforeWords(t: TFunction, rest: string): { words: string; length: number } | null {
  const after = /^after (.+?): (\w+); /.exec(rest);
  if (after)
    return {
      words: t("why.after", { name: after[1], cause: causeWords(t, after[2] ?? "") }),
      length: after[0].length,
    };
  const fallback = /^fallback model (.+?): /.exec(rest);
  if (fallback) return { words: t("why.fallback", { model: fallback[1] }), length: fallback[0].length };
  const hedge = /^hedge: nothing from (.*?) after (\S+) s; /.exec(rest);
  if (hedge) return { words: t("why.hedge", { name: hedge[1], wait: hedge[2] }), length: hedge[0].length };
  const goesOn = /^continues after (\w+); /.exec(rest);
  if (goesOn)
    return { words: t("why.continues", { cause: causeWords(t, goesOn[1] ?? "") }), length: goesOn[0].length };
  return null;
}

function lastWords(t: TFunction, rest: string): string | null {
  const trial = /^(.*), on trial after (\w+)$/.exec(rest);
  if (trial) {
    const place = lastWords(t, trial[1] ?? "");
    return place === null ? null : `${place} · ${t("why.trial", { cause: causeWords(t, trial[2] ?? "") })}`;
  }
  if (rest === "the only deployment") return t("why.only");
  if (rest === "the prompt looks too long for it, tried last") return t("why.tooLong");
  const resting = /^resting after (\w+), tried last$/.exec(rest);
  if (resting) return t("why.resting", { cause: causeWords(t, resting[1] ?? "") });
  const retry = /^retry (\d+) of (\d+) after (\w+)$/.exec(rest);
  if (retry)
    return t("why.retry", { number: retry[1], most: retry[2], cause: causeWords(t, retry[3] ?? "") });
  return orderWords(t, rest);
}

function orderWords(t: TFunction, rest: string): string | null {
  const found = /^order (\d+)(?:, (.*))?$/.exec(rest);
  if (!found) return null;
  const [, order, said] = found;
  if (!said) return t("why.order", { order });
  const weight = /^weight (\S+) of (\S+)$/.exec(said);
  if (weight) return t("why.weight", { order, weight: weight[1], total: weight[2] });
  if (said === "standby (weight 0)") return t("why.standby", { order });
  const parts = said.split(", ").map((phrase) => measureWords(t, phrase));
  return parts.includes(null)
    ? wholePhrase(t, order, said)
    : [t("why.order", { order }), ...parts].join(" · ");
}

/** A phrase with a comma of its own, after the region or alone. */
function wholePhrase(t: TFunction, order: string | undefined, said: string): string | null {
  const region = /^(preferred region \S+), (.*)$/.exec(said);
  const parts = (region ? [region[1], region[2]] : [said]).map((phrase) => measureWords(t, phrase ?? ""));
  return parts.includes(null) ? null : [t("why.order", { order }), ...parts].join(" · ");
}

/** What the strategy says of a deployment. */
function measureWords(t: TFunction, phrase: string): string | null {
  const region = /^preferred region (.+)$/.exec(phrase);
  if (region) return t("why.region", { region: region[1] });
  const latency = /^(first token|answer) lately in (.+) \(median\)$/.exec(phrase);
  if (latency)
    return t(latency[1] === "answer" ? "why.answerIn" : "why.firstTokenIn", { latency: latency[2] });
  const cost = /^about (\S+) for this call$/.exec(phrase);
  if (cost) return t("why.cost", { cost: cost[1] });
  const busy = /^(\d+) calls in hand$/.exec(phrase);
  if (busy) return t("why.inHand", { calls: busy[1] });
  const known = PHRASES[phrase];
  return known ? t(known) : null;
}

const PHRASES: Record<
  string,
  "why.standbyAlone" | "why.unmeasured" | "why.explored" | "why.unknownPrice" | "why.stays" | "why.goes"
> = {
  "standby (weight 0)": "why.standbyAlone",
  "not measured lately, so it is tried": "why.unmeasured",
  "tried now and then to see how fast it is": "why.explored",
  "price unknown": "why.unknownPrice",
  "where this session's calls stay": "why.stays",
  "where they go when it cannot answer": "why.goes",
};
