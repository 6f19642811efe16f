// The form of a model. What was typed stays when a save fails; the server's complaints stand at their fields.
import { Button, Group, MultiSelect, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { Plus, Trash2 } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useDeleteModel, useSaveModel } from "../api/models";
import type { Credential, Model } from "../api/shapes";
import { ConfirmDanger } from "../design/ConfirmDanger";
import { FormFoot } from "../design/FormFoot";
import { ButtonLink } from "../design/links";
import { Page, Section } from "../design/Page";
import { Tag } from "../design/Tag";
import { useFirstWrong } from "../design/useFirstWrong";
import { useUnsaved } from "../design/useUnsaved";
import { useFieldErrors, useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { DeploymentFields } from "./DeploymentFields";
import {
  type DeploymentDraft,
  draftOf,
  emptyDraft,
  firstOrder,
  type ModelDraft,
  modelOf,
  newDeployment,
  shareOf,
} from "./draft";

interface ModelEditorProps {
  title: string;
  /** Null makes a new one. */
  model: Model | null;
  credentials: Credential[];
  /** The other models, to fall back to. */
  others: string[];
}

const OWN_FIELDS = [
  "alias",
  "description",
  "retries",
  "timeout_s",
  "first_token_timeout_s",
  "idle_timeout_s",
  "fallbacks",
];
const DEPLOYMENT_FIELDS = Object.keys(newDeployment("", 1));

export function ModelEditor({ title, model, credentials, others }: ModelEditorProps) {
  const { t } = useTranslation();
  const { project, canEdit, role, organisation } = usePlace();
  const navigate = useNavigate();
  const [saved, setSaved] = useState(() => (model ? draftOf(model) : emptyDraft()));
  const [draft, setDraft] = useState<ModelDraft>(saved);
  const made = useRef(1);
  const save = useSaveModel(project.id, model?.alias ?? null);
  const [isDeleting, deleting] = useDisclosure(false);
  const isLeaving = useRef(false);
  const hasChanges = JSON.stringify(draft) !== JSON.stringify(saved);
  useUnsaved(() => hasChanges && !isLeaving.current);
  const form = useRef<HTMLFormElement>(null);
  useFirstWrong(form, save.error);

  const fields = [
    ...OWN_FIELDS,
    ...draft.deployments.flatMap((_, at) => DEPLOYMENT_FIELDS.map((name) => `deployments.${at}.${name}`)),
  ];
  const errors = useFieldErrors(save.error, fields);
  const set = (change: Partial<ModelDraft>) => setDraft((now) => ({ ...now, ...change }));
  const setDeployment = (key: string, change: Partial<DeploymentDraft>) =>
    set({ deployments: draft.deployments.map((one) => (one.key === key ? { ...one, ...change } : one)) });
  const toList = () => void navigate({ to: "/p/$project/models", params: { project: project.id } });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(modelOf(draft), {
      onSuccess: (now) => {
        isLeaving.current = true;
        setSaved(draftOf(now));
        toList();
      },
    });
  };
  const text = (name: "retries" | "timeout_s" | "first_token_timeout_s" | "idle_timeout_s") => ({
    value: draft[name],
    onChange: (event: { currentTarget: { value: string } }) => set({ [name]: event.currentTarget.value }),
    error: errors.of(name),
    inputMode: "decimal" as const,
    inputWrapperOrder: ["label", "input", "error", "description"] as (
      | "label"
      | "input"
      | "error"
      | "description"
    )[],
  });

  return (
    <Page
      title={title}
      beside={draft.simulated && <Tag tone="sim">{t("models.simulated")}</Tag>}
      actions={
        model && (
          <>
            <ButtonLink
              to="/p/$project/traces"
              params={{ project: project.id }}
              search={{ q: `model:${model.alias}` }}
              variant="default"
            >
              {t("models.seeTraces")}
            </ButtonLink>
            <Button
              variant="default"
              leftSection={<Trash2 size={14} />}
              onClick={deleting.open}
              disabled={!canEdit}
            >
              {t("common.delete")}
            </Button>
          </>
        )
      }
    >
      <form ref={form} onSubmit={submit}>
        <fieldset disabled={!canEdit} style={{ border: 0, margin: 0, padding: 0 }}>
          <Section>
            <SimpleGrid cols={2}>
              <TextInput
                label={t("models.alias")}
                description={t("models.aliasHelp")}
                value={draft.alias}
                onChange={(event) => set({ alias: event.currentTarget.value })}
                error={errors.of("alias")}
                autoFocus={!model}
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
                error={errors.of("description")}
              />
            </SimpleGrid>
          </Section>
          <Section
            title={t("models.deployments")}
            help={`${t("models.weightHelp")} ${t("models.orderHelp")}`}
            actions={
              <Button
                variant="default"
                size="compact-sm"
                leftSection={<Plus size={14} />}
                onClick={() => {
                  set({ deployments: [...draft.deployments, newDeployment(`new-${made.current}`, 1)] });
                  made.current += 1;
                }}
              >
                {t("models.addDeployment")}
              </Button>
            }
          >
            <Stack gap={12}>
              {draft.deployments.map((deployment, at) => (
                <DeploymentFields
                  key={deployment.key}
                  deployment={deployment}
                  shown={model?.deployments.find((one) => one.name === deployment.key)}
                  credentials={credentials}
                  share={shareOf(draft, deployment)}
                  firstOrder={firstOrder(draft)}
                  errorOf={(name) => errors.of(`deployments.${at}.${name}`)}
                  onChange={(change) => setDeployment(deployment.key, change)}
                  onRemove={
                    draft.deployments.length > 1
                      ? () =>
                          set({ deployments: draft.deployments.filter((one) => one.key !== deployment.key) })
                      : undefined
                  }
                />
              ))}
            </Stack>
          </Section>
          <Section title={t("models.behaviour")}>
            <SimpleGrid cols={4} mb="md">
              <TextInput
                label={t("models.retries")}
                description={t("models.retriesHelp")}
                {...text("retries")}
              />
              <TextInput
                label={t("models.timeout")}
                description={t("models.timeoutHelp")}
                {...text("timeout_s")}
              />
              <TextInput
                label={t("models.firstTokenTimeout")}
                description={t("models.firstTokenTimeoutHelp")}
                {...text("first_token_timeout_s")}
              />
              <TextInput
                label={t("models.idleTimeout")}
                description={t("models.idleTimeoutHelp")}
                {...text("idle_timeout_s")}
              />
            </SimpleGrid>
            <MultiSelect
              label={t("models.fallbacks")}
              description={t("models.fallbacksHelp")}
              data={others}
              value={draft.fallbacks}
              onChange={(fallbacks) => set({ fallbacks })}
              error={errors.of("fallbacks")}
              searchable
              placeholder={draft.fallbacks.length === 0 ? t("common.none") : undefined}
            />
          </Section>
        </fieldset>
        <FormFoot
          action={t("common.save")}
          busy={save.isPending}
          disabled={!canEdit || !draft.alias.trim() || (model !== null && !hasChanges)}
          failed={errors.rest}
          onCancel={toList}
          beside={
            <Group mr="auto" c="dimmed" fz="sm">
              {!canEdit &&
                t("common.readOnly", { role: t(`members.roles.${role}`), organisation: organisation.name })}
            </Group>
          }
        />
      </form>
      {isDeleting && model && (
        <DeleteModel
          alias={model.alias}
          onClose={deleting.close}
          onDeleted={() => {
            isLeaving.current = true;
            toList();
          }}
        />
      )}
    </Page>
  );
}

function DeleteModel({
  alias,
  onClose,
  onDeleted,
}: {
  alias: string;
  onClose: () => void;
  onDeleted: () => void;
}) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const remove = useDeleteModel(project.id);
  return (
    <ConfirmDanger
      title={t("models.deleteTitle", { alias })}
      phrase={alias}
      action={t("common.delete")}
      busy={remove.isPending}
      failed={remove.isError ? wordsOf(remove.error) : undefined}
      onConfirm={() => remove.mutate(alias, { onSuccess: onDeleted })}
      onClose={onClose}
    >
      {t("models.deleteHelp", { alias })}
    </ConfirmDanger>
  );
}
