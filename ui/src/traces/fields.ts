// The fields the filter box knows, and the values beside it, in the person's language.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Facets } from "../api/shapes";
import { causeWords } from "../calls/words";
import type { FacetGroup } from "../design/Facets";
import type { FilterField } from "../design/filter";
import { FIELDS, type FieldName } from "./view";

const LABELS = {
  status: "traces.status",
  model: "traces.model",
  deployment: "traces.deployment",
  user: "traces.user",
  session: "traces.session",
  env: "traces.environment",
  kind: "traces.kind",
  error: "traces.errorType",
  latency: "traces.latency",
  cost: "traces.cost",
} as const satisfies Record<FieldName, string>;

export function useFilterFields(): FilterField[] {
  const { t, i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    () =>
      (Object.keys(FIELDS) as FieldName[]).map((key) => ({
        key,
        label: t(LABELS[key]),
        kind: FIELDS[key].kind,
        many: "many" in FIELDS[key],
      })),
    [i18n.language],
  );
}

export function useFacetGroups(facets: Facets | undefined): FacetGroup[] {
  const { t, i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  return useMemo(() => {
    const statusWords = (status: string) =>
      status === "ok" || status === "error" || status === "unset" ? t(`traces.${status}`) : status;
    return [
      { key: "status", title: t("traces.status"), values: facets?.status ?? [], words: statusWords },
      { key: "model", title: t("traces.model"), values: facets?.model ?? [] },
      { key: "deployment", title: t("traces.deployment"), values: facets?.deployment ?? [] },
      { key: "env", title: t("traces.environment"), values: facets?.environment ?? [] },
      { key: "user", title: t("traces.user"), values: facets?.user ?? [] },
      {
        key: "error",
        title: t("traces.errorType"),
        values: facets?.error_type ?? [],
        words: (type: string) => causeWords(t, type),
      },
    ];
  }, [facets, i18n.language]);
}
