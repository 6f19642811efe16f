// Making a project in the organisation of the present one.
import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useCreateProject } from "../api/members";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";

export function NewProject({ onClose, onMade }: { onClose: () => void; onMade: (id: string) => void }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { organisation } = usePlace();
  const create = useCreateProject(organisation.id);
  const [name, setName] = useState("");
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("project.newTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(name, {
            onSuccess: (made) => {
              onClose();
              onMade(made.id);
            },
          });
        }}
      >
        <Stack gap="md">
          <TextInput
            label={t("project.name")}
            description={`${organisation.name} · ${t("project.newHelp")}`}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={create.isError ? wordsOf(create.error) : undefined}
            data-autofocus
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button type="submit" loading={create.isPending} disabled={!name.trim()}>
              {t("project.create")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
