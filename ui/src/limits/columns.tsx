// The columns of the limits: whose, how much, how much of it is in use, what it refused, who changed it.
import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { Lock, Pencil, Trash2 } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Limit } from "../api/shapes";
import { exactNumber } from "../design/numbers";
import { RelativeTime } from "../design/Time";
import type { Column } from "../design/table";
import { usePlace } from "../session/session";
import { type Draft, draftOf } from "./draft";
import { amountWords, EACH, type Names, whoseLabel } from "./sentence";
import { UseBar } from "./UseBar";

export function useLimitColumns(
  names: Names,
  edit: (draft: Draft) => void,
  remove: (limit: Limit) => void,
): Column<Limit>[] {
  const { t, i18n } = useTranslation();
  const { canEdit, canAdmin, organisation } = usePlace();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<Limit>[] => [
      {
        id: "whose",
        title: t("budgets.whoseTitle"),
        width: 200,
        cell: (limit) => (
          <strong title={limit.scope === "organisation" ? names.organisation : limit.subject}>
            {whoseLabel(t, limit, names)}
          </strong>
        ),
      },
      {
        id: "what",
        title: t("budgets.what"),
        width: 170,
        cell: (limit) => amountWords(t, limit.kind, limit.amount),
      },
      {
        id: "use",
        title: t("budgets.useNow"),
        width: 260,
        cell: (limit) => <InUse limit={limit} names={names} />,
      },
      {
        id: "refused",
        title: t("budgets.refused"),
        width: 116,
        right: true,
        cell: (limit) => <span title={t("budgets.refusedHelp")}>{exactNumber(limit.refused_today)}</span>,
      },
      {
        id: "by",
        title: t("budgets.changedBy"),
        width: 156,
        cell: (limit) => limit.updated_by ?? t("budgets.left"),
      },
      {
        id: "changed",
        title: t("budgets.changed"),
        width: 84,
        cell: (limit) => <RelativeTime at={limit.updated_at} />,
      },
      ...(canEdit
        ? [
            {
              id: "actions",
              title: "",
              width: 80,
              always: true,
              cell: (limit: Limit) => {
                const label = whoseLabel(t, limit, names);
                if (limit.scope === "organisation" && !canAdmin)
                  return (
                    <Tooltip
                      label={t("budgets.onlyAdmin", { organisation: organisation.name })}
                      multiline
                      w={260}
                    >
                      <Lock size={14} color="var(--md-dim)" />
                    </Tooltip>
                  );
                return (
                  <Group gap={4} wrap="nowrap">
                    <Action label={`${t("common.edit")} ${label}`} onClick={() => edit(draftOf(limit))}>
                      <Pencil size={14} />
                    </Action>
                    <Action label={`${t("budgets.remove")} ${label}`} onClick={() => remove(limit)}>
                      <Trash2 size={14} />
                    </Action>
                  </Group>
                );
              },
            },
          ]
        : []),
    ],
    [i18n.language, names, canEdit, canAdmin, organisation.name, edit, remove],
  );
}

/** The subject that uses most; the others are a click away. */
function InUse({ limit, names }: { limit: Limit; names: Names }) {
  const { t } = useTranslation();
  const [most, ...others] = limit.use;
  const isEach = limit.subject === EACH;
  if (!most)
    return isEach ? (
      <span style={{ color: "var(--md-dim)" }} title={t("budgets.unusedHelp")}>
        {t("budgets.unused")}
      </span>
    ) : (
      <UseBar limit={limit} used="0" share={0} isWarned={false} />
    );
  return (
    <Group gap={8} wrap="nowrap">
      <UseBar limit={limit} used={most.used} share={most.share} isWarned={most.is_warned} />
      {isEach && <span title={most.subject}>{names.keys[most.subject] ?? most.subject}</span>}
      {others.length > 0 && (
        <span style={{ color: "var(--md-dim)" }} title={t("budgets.othersHelp")}>
          {t("budgets.others", { count: others.length })}
        </span>
      )}
    </Group>
  );
}

function Action({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={26}
        aria-label={label}
        onClick={(event) => {
          event.stopPropagation();
          onClick();
        }}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
