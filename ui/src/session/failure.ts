// Failures in the words of the person's language: ours where we have them, else the server's.
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { koreanAnswer } from "../words/answers";
import type { en } from "../words/en";

type Known = keyof typeof en.errors;
const KNOWN: readonly Known[] = [
  "unreachable",
  "trace_store_unavailable",
  "database_unavailable",
  "not_signed_in",
  "not_found",
  "rate_limited",
];

export function useWordsOf(): (failure: unknown) => string {
  const { t, i18n } = useTranslation();
  return useCallback(
    (failure: unknown) => {
      if (!(failure instanceof ApiError)) return failure instanceof Error ? failure.message : String(failure);
      const known = KNOWN.find((code) => code === failure.code);
      // The server speaks English and knows more; our own words for a code are for when it said nothing, or in Korean.
      if (failure.status === 0 || i18n.language !== "en")
        return (
          (i18n.language === "ko" && koreanAnswer(failure.message)) ||
          (known ? t(`errors.${known}`) : failure.message)
        );
      return failure.message;
    },
    [t, i18n.language],
  );
}

/** The field of a form that the server found wrong, and why; null when the failure is about no field of it. */
export function fieldOf(failure: unknown, fields: readonly string[]): string | null {
  if (!(failure instanceof ApiError) || !failure.param) return null;
  const name = failure.param.replace(/^body\./, "");
  return fields.includes(name) ? name : null;
}

export interface FieldErrors {
  /** What is wrong with the field of this name. */
  of: (name: string) => string | undefined;
  /** What went wrong that belongs to no field of the form. */
  rest: string | undefined;
}

/** Sorts a failed save into what belongs at the form's fields and what belongs under the form. */
export function useFieldErrors(failure: unknown, fields: readonly string[]): FieldErrors {
  const wordsOf = useWordsOf();
  if (!failure) return { of: () => undefined, rest: undefined };
  const field = fieldOf(failure, fields);
  const words = wordsOf(failure);
  return { of: (name) => (name === field ? words : undefined), rest: field ? undefined : words };
}
