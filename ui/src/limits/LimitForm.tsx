// Setting a limit: whose use, what of it, how much; and in a sentence what will happen.
import { Modal, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { usePutLimit } from "../api/limits";
import type { Limit, LimitKind, LimitScope } from "../api/shapes";
import { FormFoot } from "../design/FormFoot";
import { useFirstWrong } from "../design/useFirstWrong";
import { useUnsaved } from "../design/useUnsaved";
import { useFieldErrors } from "../session/failure";
import { usePlace } from "../session/session";
import { type Draft, limitOf, replacedBy } from "./draft";
import { SubjectFields } from "./SubjectFields";
import {
  amountIn,
  amountWords,
  beyondSentence,
  hasSubject,
  isMoney,
  KINDS,
  limitSentence,
  type Names,
  SCOPES,
  shareIn,
} from "./sentence";

interface LimitFormProps {
  draft: Draft;
  /** Those that are there, to say which one is replaced. */
  limits: readonly Limit[];
  names: Names;
  onClose: () => void;
}

export function LimitForm({ draft: start, limits, names, onClose }: LimitFormProps) {
  const { t } = useTranslation();
  const { project, organisation, canAdmin } = usePlace();
  const put = usePutLimit({ organisation: organisation.id, project: project.id });
  const [draft, setDraft] = useState(start);
  const change = (more: Partial<Draft>) => setDraft((now) => ({ ...now, ...more }));
  const hasChanges = JSON.stringify(draft) !== JSON.stringify(start);
  useUnsaved(() => hasChanges && !put.isSuccess);
  const errors = useFieldErrors(put.error, ["scope", "subject", "alias", "kind", "amount", "soft_share"]);
  const form = useRef<HTMLFormElement>(null);
  useFirstWrong(form, put.error);
  const wanted = limitOf(draft);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wanted) put.mutate(wanted, { onSuccess: onClose });
  };
  const isMoneyKind = isMoney(draft.kind);
  const wrongAmount =
    amountIn(draft.kind, draft.amount) === undefined
      ? t(isMoneyKind ? "budgets.notMoney" : "budgets.notWhole")
      : undefined;
  const wrongShare = shareIn(draft.softPercent) === undefined ? t("budgets.notShare") : undefined;
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnClickOutside={!hasChanges}
      title={start.isKept ? t("budgets.editTitle") : t("budgets.newTitle")}
      closeButtonProps={{ "aria-label": t("common.close") }}
      size={580}
    >
      <form onSubmit={submit} ref={form} autoComplete="off">
        <Stack gap="sm">
          <Select
            label={t("budgets.scope")}
            description={canAdmin ? undefined : t("budgets.onlyAdmin", { organisation: organisation.name })}
            data={SCOPES.map((one) => ({
              value: one,
              label: t(`budgets.scopes.${one}`),
              disabled: one === "organisation" && !canAdmin,
            }))}
            value={draft.scope}
            onChange={(scope) => scope && change({ scope: scope as LimitScope, subject: "" })}
            allowDeselect={false}
            readOnly={start.isKept}
            error={errors.of("scope")}
          />
          {hasSubject(draft.scope) && (
            <SubjectFields
              scope={draft.scope}
              draft={draft}
              names={names}
              onChange={change}
              error={errors.of("subject") ?? errors.of("alias")}
            />
          )}
          <SimpleGrid cols={3} spacing={12}>
            <Select
              label={t("budgets.kind")}
              data={KINDS.map((one) => ({ value: one, label: t(`budgets.kinds.${one}`) }))}
              value={draft.kind}
              onChange={(kind) => kind && change({ kind: kind as LimitKind })}
              allowDeselect={false}
              readOnly={start.isKept}
              error={errors.of("kind")}
            />
            <TextInput
              label={t("budgets.amount")}
              leftSection={isMoneyKind ? "$" : undefined}
              inputMode={isMoneyKind ? "decimal" : "numeric"}
              value={draft.amount}
              onChange={(event) => change({ amount: event.currentTarget.value })}
              error={wrongAmount ?? errors.of("amount")}
              data-autofocus
            />
            <TextInput
              label={t("budgets.soft")}
              title={t("budgets.softHelp")}
              inputMode="decimal"
              value={draft.softPercent}
              onChange={(event) => change({ softPercent: event.currentTarget.value })}
              error={wrongShare ?? errors.of("soft_share")}
            />
          </SimpleGrid>
          <Outcome
            sentence={wanted ? limitSentence(t, wanted, names) : t("budgets.sayMore")}
            more={wanted ? beyondSentence(t, wanted.kind, wanted.soft_share) : t("budgets.softHelp")}
            replaced={wanted && !start.isKept ? replacedBy(wanted, limits) : undefined}
          />
          <FormFoot
            action={t("common.save")}
            busy={put.isPending}
            disabled={!wanted || !hasChanges}
            failed={errors.rest}
            onCancel={onClose}
          />
        </Stack>
      </form>
    </Modal>
  );
}

function Outcome({ sentence, more, replaced }: { sentence: string; more: string; replaced?: Limit }) {
  const { t } = useTranslation();
  return (
    <section
      aria-label={t("budgets.willBe")}
      aria-live="polite"
      style={{ padding: "10px 14px", background: "var(--md-sunken)", borderRadius: 6 }}
    >
      <Text fw={600}>{sentence}</Text>
      <Text size="sm" c="dimmed" mt={2}>
        {more}
      </Text>
      {replaced && (
        <Text size="sm" mt={4}>
          {t("budgets.replaces", { amount: amountWords(t, replaced.kind, replaced.amount) })}
        </Text>
      )}
    </section>
  );
}
