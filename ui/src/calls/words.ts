// Words for the things a trace is made of, in the person's language.
import type { TFunction } from "i18next";
import type { Span } from "../api/shapes";
import { en } from "../words/en";

type ErrorWord = keyof typeof en.trace.errorWords;
type CauseWord = keyof typeof en.trace.causes;
type KindWord = keyof typeof en.trace.kinds;

/** Why something failed, in words; the technical name itself when there are none for it. */
export function errorWords(t: TFunction, errorType: string): string {
  return errorType in en.trace.errorWords ? t(`trace.errorWords.${errorType as ErrorWord}`) : errorType;
}

/** The same in two or three words, for lists. */
export function causeWords(t: TFunction, errorType: string): string {
  return errorType in en.trace.causes ? t(`trace.causes.${errorType as CauseWord}`) : errorType;
}

export function kindWords(t: TFunction, kind: string): string {
  return kind in en.trace.kinds ? t(`trace.kinds.${kind as KindWord}`) : kind;
}

/** What came of an attempt: its recorded outcome, else its failure in words, else "answered". */
export function outcomeWords(t: TFunction, attempt: Span): string {
  if (attempt.status === "error")
    return errorWords(t, attempt.error_type) || attempt.status_message || t("traces.error");
  return t("trace.answered");
}
