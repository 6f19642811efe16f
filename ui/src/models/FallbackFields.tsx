// Which models take over when no deployment of this one answers.
import { MultiSelect } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Section } from "../design/Page";
import type { EditorPart } from "./ModelEditor";

export function FallbackFields({ draft, set, errorOf, others }: EditorPart & { others: string[] }) {
  const { t } = useTranslation();
  return (
    <Section title={t("models.fallbacks")} help={t("models.fallbacksHelp")}>
      <MultiSelect
        aria-label={t("models.fallbacks")}
        data={others}
        value={draft.fallbacks}
        onChange={(fallbacks) => set({ fallbacks })}
        error={errorOf("fallbacks")}
        searchable
        placeholder={draft.fallbacks.length === 0 ? t("common.none") : undefined}
        nothingFoundMessage={t("models.noOthers")}
      />
    </Section>
  );
}
