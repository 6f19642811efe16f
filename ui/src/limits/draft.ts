// What stands in the form of a limit before it is sent. Pure.
import type { Limit, LimitInput, LimitKind, LimitScope } from "../api/shapes";
import { amountIn, EACH, hasSubject, percentOf, shareIn } from "./sentence";

export interface Draft {
  scope: LimitScope;
  /** Each key, user or model by itself, not the one named by `subject`. */
  isEach: boolean;
  subject: string;
  kind: LimitKind;
  amount: string;
  softPercent: string;
  /** A limit that is there already keeps its scope, subject and kind. */
  isKept: boolean;
}

export function firstDraft(): Draft {
  const kind = "usd_per_day";
  return { scope: "project", isEach: true, subject: "", kind, amount: "", softPercent: "80", isKept: false };
}

export function draftOf(limit: Limit): Draft {
  return {
    scope: limit.scope,
    isEach: limit.subject === EACH,
    subject: limit.subject === EACH ? "" : limit.subject,
    kind: limit.kind,
    amount: limit.amount,
    softPercent: percentOf(limit.soft_share),
    isKept: true,
  };
}

/** What is sent; null while something is missing or wrong. */
export function limitOf(
  draft: Draft,
): (Required<Omit<LimitInput, "amount" | "soft_share">> & Pick<Limit, "amount" | "soft_share">) | null {
  const amount = amountIn(draft.kind, draft.amount);
  const softShare = shareIn(draft.softPercent);
  const subject = !hasSubject(draft.scope) ? "" : draft.isEach ? EACH : draft.subject.trim();
  if (!amount || softShare === undefined || (hasSubject(draft.scope) && subject === "")) return null;
  return { scope: draft.scope, subject, kind: draft.kind, amount, soft_share: softShare };
}

/** The limit that this one would take the place of. */
export function replacedBy(
  wanted: Pick<Limit, "scope" | "subject" | "kind">,
  limits: readonly Limit[],
): Limit | undefined {
  return limits.find(
    (one) => one.scope === wanted.scope && one.subject === wanted.subject && one.kind === wanted.kind,
  );
}
