// The question before a model is deleted.
import { useTranslation } from "react-i18next";
import { useDeleteModel } from "../api/models";
import { ConfirmDanger } from "../design/ConfirmDanger";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";

interface DeleteModelProps {
  alias: string;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteModel({ alias, onClose, onDeleted }: DeleteModelProps) {
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
