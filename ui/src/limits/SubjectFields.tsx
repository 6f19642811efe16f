// Which key, user or model a limit is for: each by itself, or one of them.
import { Group, Radio, Select, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { keysQuery } from "../api/keys";
import { modelsQuery } from "../api/models";
import { usePlace } from "../session/session";
import type { Draft } from "./draft";
import type { Names } from "./sentence";

interface SubjectFieldsProps {
  scope: "key" | "user" | "model";
  draft: Draft;
  names: Names;
  error?: string;
  onChange: (more: Partial<Draft>) => void;
}

export function SubjectFields({ scope, draft, names, error, onChange }: SubjectFieldsProps) {
  const { t } = useTranslation();
  return (
    <Stack gap={8}>
      <Radio.Group
        aria-label={t(`budgets.which.${scope}`)}
        description={t(`budgets.${scope}Help`)}
        value={draft.isEach ? "each" : "one"}
        onChange={(chosen) => onChange({ isEach: chosen === "each" })}
        readOnly={draft.isKept}
      >
        <Group gap={20} mt={8}>
          <Radio size="xs" value="each" label={t("budgets.each")} disabled={draft.isKept && !draft.isEach} />
          <Radio size="xs" value="one" label={t("budgets.one")} disabled={draft.isKept && draft.isEach} />
        </Group>
      </Radio.Group>
      {!draft.isEach &&
        (scope === "user" || draft.isKept ? (
          <TextInput
            label={t(`budgets.which.${scope}`)}
            value={scope === "key" ? (names.keys[draft.subject] ?? draft.subject) : draft.subject}
            onChange={(event) => onChange({ subject: event.currentTarget.value })}
            readOnly={draft.isKept}
            error={error}
          />
        ) : (
          <OneOf scope={scope} draft={draft} error={error} onChange={onChange} />
        ))}
    </Stack>
  );
}

/** One of the keys or models that the project has. */
function OneOf({
  scope,
  draft,
  error,
  onChange,
}: Omit<SubjectFieldsProps, "scope" | "names"> & { scope: "key" | "model" }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const keys = useQuery({ ...keysQuery(project.id), enabled: scope === "key" }).data ?? [];
  const models = useQuery({ ...modelsQuery(project.id), enabled: scope === "model" }).data ?? [];
  const choices =
    scope === "key"
      ? keys
          .filter((key) => key.revoked_at === null)
          .map((key) => ({ value: key.public_key, label: `${key.name} (${key.public_key})` }))
      : models.map(({ alias }) => ({ value: alias, label: alias }));
  return (
    <Select
      label={t(`budgets.which.${scope}`)}
      data={choices}
      value={draft.subject || null}
      onChange={(subject) => onChange({ subject: subject ?? "" })}
      searchable
      error={error}
    />
  );
}
