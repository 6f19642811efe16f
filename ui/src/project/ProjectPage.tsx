// The project itself: its name, its id, and its end.
import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDeleteProject, useRenameProject } from "../api/members";
import { ConfirmDanger } from "../design/ConfirmDanger";
import { CopyBlock } from "../design/Copy";
import { FormFoot } from "../design/FormFoot";
import { Page, Section } from "../design/Page";
import { useUnsaved } from "../design/useUnsaved";
import { useFieldErrors, useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";

export default function ProjectPage() {
  const { t } = useTranslation();
  const { project, organisation, role, canAdmin } = usePlace();
  const [isDeleting, deleting] = useDisclosure(false);
  return (
    <Page title={t("project.title")} narrow>
      {project.is_sandbox && (
        <Text mb={16} px={16} py={10} bg="var(--md-sim-soft)" style={{ borderRadius: 6 }}>
          {t("project.sandboxHelp")}
        </Text>
      )}
      <Section>
        <Rename key={project.id} />
      </Section>
      <Section title={t("project.id")}>
        <CopyBlock value={project.id} label={t("project.id")} />
      </Section>
      {!project.is_sandbox && (
        <Section title={t("project.danger")} help={t("project.dangerHelp")}>
          <Button
            variant="outline"
            color="red"
            c="var(--md-error)"
            disabled={!canAdmin}
            onClick={deleting.open}
          >
            {t("project.delete")}
          </Button>
          {!canAdmin && (
            <Text size="sm" c="dimmed" mt={8}>
              {t("common.readOnly", { role: t(`members.roles.${role}`), organisation: organisation.name })}
            </Text>
          )}
        </Section>
      )}
      {isDeleting && <DeleteProject onClose={deleting.close} />}
    </Page>
  );
}

function Rename() {
  const { t } = useTranslation();
  const { project, canAdmin } = usePlace();
  const rename = useRenameProject(project.id);
  const [name, setName] = useState(project.name);
  const errors = useFieldErrors(rename.error, ["name"]);
  const hasChanges = name.trim() !== project.name;
  useUnsaved(() => hasChanges && !rename.isPending);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        rename.mutate(name.trim());
      }}
    >
      <Stack gap="md">
        <TextInput
          label={t("project.name")}
          description={t("project.renameHelp")}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={errors.of("name")}
          disabled={!canAdmin}
        />
        <FormFoot
          action={t("common.save")}
          busy={rename.isPending}
          disabled={!canAdmin || !name.trim() || !hasChanges}
          failed={errors.rest}
          beside={
            rename.isSuccess &&
            !hasChanges && (
              <Text role="status" size="sm" c="dimmed">
                {t("common.saved")}
              </Text>
            )
          }
        />
      </Stack>
    </form>
  );
}

function DeleteProject({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const navigate = useNavigate();
  const remove = useDeleteProject(project.id);
  return (
    <ConfirmDanger
      title={t("project.deleteTitle", { name: project.name })}
      phrase={project.name}
      action={t("common.delete")}
      busy={remove.isPending}
      failed={remove.isError ? wordsOf(remove.error) : undefined}
      onConfirm={() => remove.mutate(undefined, { onSuccess: () => void navigate({ to: "/" }) })}
      onClose={onClose}
    >
      {t("project.dangerHelp")}
    </ConfirmDanger>
  );
}
