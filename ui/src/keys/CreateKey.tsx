// Making a key: its name, then its secret, which is shown this once with the lines that use it.
import { Alert, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { firstCallQuery } from "../api/firstCall";
import { useCreateKey } from "../api/keys";
import type { CreatedKey } from "../api/shapes";
import { CopyBlock } from "../design/Copy";
import { FormFoot } from "../design/FormFoot";
import { useFieldErrors } from "../session/failure";
import { usePlace } from "../session/session";
import { FourLines } from "../snippets/FourLines";

export function CreateKey({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const create = useCreateKey(project.id);
  const [name, setName] = useState("");
  const errors = useFieldErrors(create.error, ["name"]);
  const made = create.data;
  return (
    <Modal
      opened
      onClose={onClose}
      // A secret that is shown once must not vanish by a slip of the hand.
      closeOnClickOutside={!made}
      closeOnEscape={!made}
      withCloseButton={!made}
      title={made ? t("keys.onceTitle") : t("keys.newTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
      size={made ? 860 : 440}
    >
      {made ? (
        <Secret made={made} onClose={onClose} />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate(name.trim());
          }}
        >
          <Stack gap="md">
            <TextInput
              label={t("common.name")}
              description={t("keys.nameHelp")}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={errors.of("name")}
              data-autofocus
            />
            <FormFoot
              action={t("keys.add")}
              busy={create.isPending}
              disabled={!name.trim()}
              failed={errors.rest}
              onCancel={onClose}
            />
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function Secret({ made, onClose }: { made: CreatedKey; onClose: () => void }) {
  const { t } = useTranslation();
  const { project } = usePlace();
  const { data: facts } = useQuery(firstCallQuery(project.id));
  const model = facts?.models.find((alias) => !alias.includes("embed")) ?? "gpt-4o";
  return (
    <Stack gap="md">
      <Alert variant="light" color="orange" icon={<TriangleAlert size={18} />} c="var(--md-text)">
        {t("keys.once")}
      </Alert>
      <CopyBlock value={made.secret_key} label={t("keys.secret")} wrap />
      {facts && <FourLines baseUrl={facts.base_url} secretKey={made.secret_key} model={model} />}
      <Group justify="flex-end">
        <Button onClick={onClose}>{t("keys.done")}</Button>
      </Group>
    </Stack>
  );
}
