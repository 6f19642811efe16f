// What the project says about equal calls that carry no Idempotency-Key: on or off, and for how long.
import { Skeleton, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { duplicateRulesQuery, useReplaceDuplicateRules } from "../api/duplicates";
import type { DuplicateRules } from "../api/shapes";
import { FormFoot } from "../design/FormFoot";
import { Section } from "../design/Page";
import { useUnsaved } from "../design/useUnsaved";
import { Failure } from "../session/Failure";
import { useFieldErrors } from "../session/failure";
import { usePlace } from "../session/session";

const LONGEST_S = 3_600;

export function DuplicateRulesForm() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const query = useQuery(duplicateRulesQuery(project.id));
  return (
    <Section title={t("saved.rules")} help={t("saved.joinsHelp")}>
      {query.data ? (
        <Rules rules={query.data} />
      ) : query.isError ? (
        <Failure failure={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height={90} />
      )}
    </Section>
  );
}

function Rules({ rules }: { rules: DuplicateRules }) {
  const { t } = useTranslation();
  const { project, organisation, role, canEdit } = usePlace();
  const replace = useReplaceDuplicateRules(project.id);
  const [isOn, setOn] = useState(rules.joins_duplicates);
  const [seconds, setSeconds] = useState(String(rules.window_s));
  const errors = useFieldErrors(replace.error, ["window_s"]);
  const windowS = seconds.trim() === "" ? Number.NaN : Number(seconds);
  const isRight = windowS >= 0 && windowS <= LONGEST_S;
  const hasChanges = isOn !== rules.joins_duplicates || windowS !== rules.window_s;
  useUnsaved(() => hasChanges && !replace.isPending);
  const outcome = !isOn
    ? t("saved.off")
    : windowS > 0
      ? t("saved.on", { seconds: windowS })
      : t("saved.onOnly");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        replace.mutate({ joins_duplicates: isOn, window_s: windowS });
      }}
    >
      <Stack gap="sm">
        <Switch
          label={t("saved.joins")}
          checked={isOn}
          onChange={(event) => setOn(event.currentTarget.checked)}
          disabled={!canEdit}
        />
        {isOn && (
          <TextInput
            label={t("saved.window")}
            description={t("saved.windowHelp")}
            maw={320}
            inputMode="decimal"
            value={seconds}
            onChange={(event) => setSeconds(event.currentTarget.value)}
            error={isRight ? errors.of("window_s") : t("saved.notSeconds")}
            disabled={!canEdit}
          />
        )}
        <Text fw={600} aria-live="polite">
          {isRight && outcome}
        </Text>
        {canEdit ? (
          <FormFoot
            action={t("common.save")}
            busy={replace.isPending}
            disabled={!hasChanges || !isRight}
            failed={errors.rest}
            beside={
              replace.isSuccess &&
              !hasChanges && (
                <Text role="status" size="sm" c="dimmed">
                  {t("common.saved")}
                </Text>
              )
            }
          />
        ) : (
          <Text size="sm" c="dimmed">
            {t("common.readOnly", { role: t(`members.roles.${role}`), organisation: organisation.name })}
          </Text>
        )}
      </Stack>
    </form>
  );
}
