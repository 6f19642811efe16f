// The prices this project agreed with its vendors: who changed which when, and which of them count today.
import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { HandCoins, Pencil, Trash2 } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ownPricesQuery, useRemovePrice } from "../api/prices";
import type { PriceOverride } from "../api/shapes";
import { vendorName } from "../calls/vendorName";
import { ConfirmDanger } from "../design/ConfirmDanger";
import { DataTable } from "../design/DataTable";
import { EmptyState, StaleNotice } from "../design/states";
import { Tag } from "../design/Tag";
import { RelativeTime } from "../design/Time";
import { type Column, useTableMemory } from "../design/table";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { standingOf } from "./amounts";
import { amountColumns } from "./columns";
import { type Draft, draftOfOwn } from "./PriceForm";

export function OwnPrices({ onEdit }: { onEdit: (draft: Draft) => void }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const query = useQuery(ownPricesQuery(project.id));
  const [removing, setRemoving] = useState<PriceOverride | null>(null);
  const rows = query.data ?? [];
  const columns = useColumns(rows, onEdit, setRemoving);
  const memory = useTableMemory("own-prices");
  const retry = () => void query.refetch();
  return (
    <>
      {query.isError && query.data && <StaleNotice reason={wordsOf(query.error)} onRetry={retry} />}
      <DataTable<PriceOverride>
        label={t("prices.own")}
        columns={columns}
        rows={rows}
        rowId={(row) => row.id}
        memory={memory}
        rowHeight={36}
        loading={query.isPending}
        isFaint={(row) => standingOf(row, rows, today()) === "superseded"}
        instead={
          query.isError ? (
            <Failure failure={query.error} onRetry={retry} />
          ) : (
            <EmptyState icon={<HandCoins size={28} strokeWidth={1.5} />} title={t("prices.ownEmpty")}>
              {t("prices.ownEmptyHelp")}
            </EmptyState>
          )
        }
      />
      {removing && <RemovePrice removed={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

function useColumns(
  rows: PriceOverride[],
  edit: (draft: Draft) => void,
  remove: (one: PriceOverride) => void,
): Column<PriceOverride>[] {
  const { t, i18n } = useTranslation();
  const { canEdit } = usePlace();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<PriceOverride>[] => [
      { id: "model", title: t("prices.model"), width: 190, cell: (row) => <strong>{row.model}</strong> },
      { id: "vendor", title: t("prices.vendor"), width: 100, cell: (row) => vendorName(t, row.vendor) },
      {
        id: "from",
        title: t("prices.validFrom"),
        width: 130,
        cell: (row) => {
          const standing = standingOf(row, rows, today());
          return (
            <>
              {row.valid_from}{" "}
              {standing !== "current" && (
                <Tag tone={standing === "upcoming" ? "warn" : "plain"}>{t(`prices.${standing}`)}</Tag>
              )}
            </>
          );
        },
      },
      ...amountColumns<PriceOverride>(t, () => t("prices.unknownOwn")),
      {
        id: "by",
        title: t("prices.changedBy"),
        width: 150,
        cell: (row) => row.updated_by ?? t("prices.left"),
      },
      {
        id: "changed",
        title: t("prices.changed"),
        width: 90,
        cell: (row) => <RelativeTime at={row.updated_at} />,
      },
      ...(canEdit
        ? [
            {
              id: "actions",
              title: "",
              width: 76,
              always: true,
              cell: (row: PriceOverride) => (
                <Group gap={4} wrap="nowrap">
                  <Action label={`${t("common.edit")} ${row.model}`} onClick={() => edit(draftOfOwn(row))}>
                    <Pencil size={14} />
                  </Action>
                  <Action label={`${t("prices.remove")} ${row.model}`} onClick={() => remove(row)}>
                    <Trash2 size={14} />
                  </Action>
                </Group>
              ),
            },
          ]
        : []),
    ],
    [i18n.language, rows, canEdit, edit, remove],
  );
}

function Action({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size={26} aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function RemovePrice({ removed, onClose }: { removed: PriceOverride; onClose: () => void }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const remove = useRemovePrice(project.id);
  return (
    <ConfirmDanger
      title={t("prices.removeTitle", { model: removed.model })}
      phrase={removed.model}
      action={t("prices.remove")}
      busy={remove.isPending}
      failed={remove.isError ? wordsOf(remove.error) : undefined}
      onConfirm={() => remove.mutate(removed.id, { onSuccess: onClose })}
      onClose={onClose}
    >
      {t("prices.removeHelp")}
    </ConfirmDanger>
  );
}

/** The day it is in UTC, in which prices begin. */
function today(): string {
  return new Date().toISOString().slice(0, 10);
}
