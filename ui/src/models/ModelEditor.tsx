// The form of a model. What was typed stays when a save fails; the server's complaints stand at their fields.
// A newcomer sees the name, the deployments and the fallbacks; everything else is folded and says what is chosen.
import { Button, Group, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSaveModel } from "../api/models";
import type { Credential, Model } from "../api/shapes";
import { FormFoot } from "../design/FormFoot";
import { Page } from "../design/Page";
import { Tag } from "../design/Tag";
import { useFirstWrong } from "../design/useFirstWrong";
import { useUnsaved } from "../design/useUnsaved";
import { useFieldErrors } from "../session/failure";
import { usePlace } from "../session/session";
import { DeleteModel } from "./DeleteModel";
import { DeploymentsFields } from "./DeploymentsFields";
import { newDeployment } from "./deploymentDraft";
import { draftOf, emptyDraft, FAILURE_CLASSES, type ModelDraft, modelOf, TIME_LIMITS } from "./draft";
import { FallbackFields } from "./FallbackFields";
import { LimitFields } from "./LimitFields";
import { NameFields } from "./NameFields";
import { RescueFields } from "./RescueFields";
import { SharingFields } from "./SharingFields";

interface ModelEditorProps {
  title: string;
  /** Null makes a new one. */
  model: Model | null;
  credentials: Credential[];
  /** The other models, to fall back to. */
  others: string[];
}

/** What each part of the form gets. */
export interface EditorPart {
  draft: ModelDraft;
  set: (change: Partial<ModelDraft>) => void;
  errorOf: (name: string) => string | undefined;
}

const OWN_FIELDS = [
  "alias",
  "description",
  "retries",
  ...TIME_LIMITS,
  "cache_ttl_s",
  "fallbacks",
  ...[
    "strategy",
    "prefer_regions",
    "sticky_by",
    "hedge_after_s",
    "hedges_at_p95",
    "on_cut",
    "fallbacks_after",
  ].map((name) => `routing.${name}`),
  ...FAILURE_CLASSES.map((kind) => `routing.fallbacks_after.${kind}`),
];
const DEPLOYMENT_FIELDS = Object.keys(newDeployment("", 1));

export function ModelEditor({ title, model, credentials, others }: ModelEditorProps) {
  const { t } = useTranslation();
  const { project, canEdit, role, organisation } = usePlace();
  const navigate = useNavigate();
  const [saved, setSaved] = useState(() => (model ? draftOf(model) : emptyDraft()));
  const [draft, setDraft] = useState<ModelDraft>(saved);
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
  const part: EditorPart = {
    draft,
    set: (change) => setDraft((now) => ({ ...now, ...change })),
    errorOf: errors.of,
  };
  const goTo = (alias: string | null) =>
    void (alias === null
      ? navigate({ to: "/p/$project/models", params: { project: project.id } })
      : navigate({ to: "/p/$project/models/view/$", params: { project: project.id, _splat: alias } }));
  const leaveTo = (alias: string | null) => {
    isLeaving.current = true;
    goTo(alias);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(modelOf(draft), {
      onSuccess: (now) => {
        setSaved(draftOf(now));
        leaveTo(now.alias);
      },
    });
  };

  return (
    <Page
      title={title}
      beside={draft.simulated && <Tag tone="sim">{t("models.simulated")}</Tag>}
      actions={
        model && (
          <Button
            variant="default"
            leftSection={<Trash2 size={14} />}
            onClick={deleting.open}
            disabled={!canEdit}
          >
            {t("common.delete")}
          </Button>
        )
      }
    >
      <form ref={form} onSubmit={submit} autoComplete="off">
        <fieldset disabled={!canEdit} style={{ border: 0, margin: 0, padding: 0 }}>
          <NameFields {...part} isNew={model === null} />
          <DeploymentsFields {...part} model={model} credentials={credentials} />
          <FallbackFields {...part} others={others} />
          <Stack gap={8} mb={20}>
            <SharingFields {...part} />
            <LimitFields {...part} />
            <RescueFields {...part} others={others} />
          </Stack>
        </fieldset>
        <FormFoot
          action={t("common.save")}
          busy={save.isPending}
          disabled={!canEdit || !draft.alias.trim() || (model !== null && !hasChanges)}
          failed={errors.rest}
          onCancel={() => goTo(model?.alias ?? null)}
          beside={
            <Group mr="auto" c="dimmed" fz="sm">
              {!canEdit &&
                t("common.readOnly", { role: t(`members.roles.${role}`), organisation: organisation.name })}
            </Group>
          }
        />
      </form>
      {isDeleting && model && (
        <DeleteModel alias={model.alias} onClose={deleting.close} onDeleted={() => leaveTo(null)} />
      )}
    </Page>
  );
}
