// What callers call the model, and what it is for.
import { SimpleGrid, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Section } from "../design/Page";
import type { EditorPart } from "./ModelEditor";

export function NameFields({ draft, set, errorOf, isNew }: EditorPart & { isNew: boolean }) {
  const { t } = useTranslation();
  return (
    <Section>
      <SimpleGrid cols={2}>
        <TextInput
          label={t("models.alias")}
          description={t("models.aliasHelp")}
          value={draft.alias}
          onChange={(event) => set({ alias: event.currentTarget.value })}
          error={errorOf("alias")}
          autoFocus={isNew}
          required
          withAsterisk={false}
        />
        <Textarea
          label={t("models.description")}
          description={t("common.optional")}
          autosize
          minRows={1}
          value={draft.description}
          onChange={(event) => set({ description: event.currentTarget.value })}
          error={errorOf("description")}
        />
      </SimpleGrid>
    </Section>
  );
}
