// The question before a limit is lifted: its amount must be typed.
import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useRemoveLimit } from "../api/limits";
import type { Limit } from "../api/shapes";
import { ConfirmDanger } from "../design/ConfirmDanger";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { amountText, limitSentence, type Names } from "./sentence";

export function RemoveLimit({ limit, names, onClose }: { limit: Limit; names: Names; onClose: () => void }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project, organisation } = usePlace();
  const remove = useRemoveLimit({ organisation: organisation.id, project: project.id });
  return (
    <ConfirmDanger
      title={t("budgets.removeTitle")}
      phrase={amountText(limit.kind, limit.amount)}
      action={t("budgets.remove")}
      busy={remove.isPending}
      failed={remove.isError ? wordsOf(remove.error) : undefined}
      onConfirm={() => remove.mutate(limit, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Text fw={600} mb={6}>
        {limitSentence(t, limit, names)}
      </Text>
      {t("budgets.removeHelp")}
    </ConfirmDanger>
  );
}
