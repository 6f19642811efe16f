// One limit in whole sentences, and who uses how much of it.
import { Button, Group, Title } from "@mantine/core";
import { Pencil, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Limit } from "../api/shapes";
import { DetailPane } from "../design/DetailPane";
import { ClockTime } from "../design/Time";
import { usePlace } from "../session/session";
import classes from "./LimitDetail.module.css";
import { beyondSentence, EACH, limitSentence, type Names, whoseLabel } from "./sentence";
import { UseBar } from "./UseBar";

interface LimitDetailProps {
  limit: Limit;
  names: Names;
  onClose: () => void;
  onNext?: () => void;
  onPrevious?: () => void;
  onEdit: () => void;
  onRemove: () => void;
}

export function LimitDetail({ limit, names, onClose, onNext, onPrevious, ...actions }: LimitDetailProps) {
  const { t } = useTranslation();
  const { canEdit, canAdmin, role, organisation } = usePlace();
  const mayChange = limit.scope === "organisation" ? canAdmin : canEdit;
  const resetsAt = limit.use[0]?.resets_at;
  const nameOf = (subject: string) => (subject ? (names.keys[subject] ?? subject) : label);
  const label = whoseLabel(t, limit, names);
  return (
    <DetailPane label={label} onClose={onClose} onNext={onNext} onPrevious={onPrevious}>
      <div className={classes.detail}>
        <Title order={2} className={classes.title}>
          {limitSentence(t, limit, names)}
        </Title>
        <p className={classes.said}>{beyondSentence(t, limit.kind, limit.soft_share)}</p>
        {limit.use.length > 0 ? (
          <table className={classes.use}>
            <thead>
              <tr>
                <th scope="col">{t("budgets.subject")}</th>
                <th scope="col">{t("budgets.used")}</th>
              </tr>
            </thead>
            <tbody>
              {limit.use.map((one) => (
                <tr key={one.subject}>
                  <td title={one.subject}>{nameOf(one.subject)}</td>
                  <td>
                    <UseBar limit={limit} used={one.used} share={one.share} isWarned={one.is_warned} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <p className={classes.said}>{t("budgets.unusedHelp")}</p>
        )}
        {limit.subject === EACH && <p className={classes.said}>{t("budgets.top")}</p>}
        {resetsAt && (
          <p className={classes.said}>
            {t("budgets.resets")}: <ClockTime at={resetsAt} />
          </p>
        )}
        {mayChange ? (
          <Group gap={8}>
            <Button variant="default" leftSection={<Pencil size={14} />} onClick={actions.onEdit}>
              {t("common.edit")}
            </Button>
            <Button variant="default" leftSection={<Trash2 size={14} />} onClick={actions.onRemove}>
              {t("budgets.remove")}
            </Button>
          </Group>
        ) : (
          <p className={classes.said}>
            {canEdit
              ? t("budgets.onlyAdmin", { organisation: organisation.name })
              : t("common.readOnly", {
                  role: t(`members.roles.${role}`),
                  organisation: organisation.name,
                })}
          </p>
        )}
      </div>
    </DetailPane>
  );
}
