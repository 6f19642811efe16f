// What joined calls and the cache saved, what retries cost again, and by whom.
import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { PiggyBank } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { duplicatesQuery } from "../api/duplicates";
import type { DuplicateReport, DuplicateRow } from "../api/shapes";
import { DataTable } from "../design/DataTable";
import { Count, Money } from "../design/Figures";
import { FigureTile } from "../design/FigureTile";
import { formatMoney } from "../design/numbers";
import { Section } from "../design/Page";
import { EmptyState, StaleNotice } from "../design/states";
import { type Column, useTableMemory } from "../design/table";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import classes from "./Saved.module.css";
import { TableBox } from "./TableBox";

const DAY = 24;
const RANGES = ["24", "168"] as const;
const EVERY_MS = 15_000;
const ROW = 32;

export function Saved() {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const { hours = DAY } = useSearch({ from: "/shell/p/$project/limits" });
  const navigate = useNavigate();
  const query = useQuery({ ...duplicatesQuery(project.id, hours), refetchInterval: EVERY_MS });
  const found = query.data;
  const columns = useColumns();
  const memory = useTableMemory("saved");
  const retry = () => void query.refetch();
  return (
    <Section
      title={t("saved.title")}
      help={t("saved.help")}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t("saved.range")}
          data={RANGES.map((one) => ({ value: one, label: t(`saved.hours.${one}`) }))}
          value={String(hours)}
          onChange={(chosen) =>
            void navigate({ to: ".", search: Number(chosen) === DAY ? {} : { hours: Number(chosen) } })
          }
        />
      }
    >
      {query.isError && !found ? (
        <Failure failure={query.error} onRetry={retry} />
      ) : (
        <>
          {query.isError && <StaleNotice reason={wordsOf(query.error)} onRetry={retry} />}
          <Tiles found={found} />
          <TableBox rows={found?.rows.length ?? 0} rowHeight={ROW} instead={query.isPending ? 120 : 290}>
            <DataTable<DuplicateRow>
              label={t("saved.by")}
              columns={columns}
              rows={found?.rows ?? []}
              rowId={(row) => `${row.key_id} ${row.user_id}`}
              memory={memory}
              rowHeight={ROW}
              loading={query.isPending}
              instead={
                <EmptyState icon={<PiggyBank size={28} strokeWidth={1.5} />} title={t("saved.nothing")}>
                  {t("saved.nothingHelp")}
                </EmptyState>
              }
            />
          </TableBox>
        </>
      )}
    </Section>
  );
}

function Tiles({ found }: { found: DuplicateReport | undefined }) {
  const { t } = useTranslation();
  return (
    <div className={classes.tiles}>
      <FigureTile
        title={t("saved.joined")}
        value={<Count value={found?.joined} />}
        note={t("saved.joinedNote")}
      />
      <FigureTile
        title={t("saved.hits")}
        value={<Count value={found?.cache_hits} />}
        note={t("saved.hitsNote")}
      />
      <FigureTile
        title={t("saved.money")}
        value={<SavedMoney row={found} />}
        note={
          found && found.unknown_cost > 0
            ? t("saved.unknownCost", { count: found.unknown_cost })
            : t("saved.moneyNote")
        }
      />
      <FigureTile
        title={t("saved.paidAgain")}
        value={
          <span title={t("saved.paidAgainHelp")}>
            <Count value={found?.paid_again} />
          </span>
        }
        note={found && t("saved.paidAgainNote", { cost: formatMoney(found.paid_again_usd) })}
      />
    </div>
  );
}

type Savings = Pick<DuplicateReport, "joined" | "cache_hits" | "saved_usd" | "unknown_cost">;

/** Where the cost of every saved call is unknown, so is the sum. */
function SavedMoney({ row }: { row: Savings | undefined }) {
  const { t } = useTranslation();
  const isUnknown = row && row.unknown_cost > 0 && row.unknown_cost === row.joined + row.cache_hits;
  return <Money usd={isUnknown ? null : row?.saved_usd} unknown={t("saved.unknown")} />;
}

function useColumns(): Column<DuplicateRow>[] {
  const { t, i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<DuplicateRow>[] => [
      {
        id: "key",
        title: t("saved.key"),
        width: 220,
        cell: (row) =>
          row.key_name ? (
            <strong title={row.key_id}>{row.key_name}</strong>
          ) : (
            <code title={t("saved.otherKey")}>{row.key_id || "–"}</code>
          ),
      },
      {
        id: "user",
        title: t("saved.user"),
        width: 200,
        cell: (row) =>
          row.user_id || (
            <span style={{ color: "var(--md-dim)" }} title={t("saved.noUserHelp")}>
              {t("saved.noUser")}
            </span>
          ),
      },
      {
        id: "joined",
        title: t("saved.joined"),
        width: 110,
        right: true,
        cell: (row) => <Count value={row.joined} />,
      },
      {
        id: "hits",
        title: t("saved.hits"),
        width: 100,
        right: true,
        cell: (row) => <Count value={row.cache_hits} />,
      },
      {
        id: "money",
        title: t("saved.money"),
        width: 120,
        right: true,
        cell: (row) => <SavedMoney row={row} />,
      },
      {
        id: "again",
        title: t("saved.paidAgain"),
        width: 140,
        right: true,
        cell: (row) => <Count value={row.paid_again} />,
      },
      {
        id: "againCost",
        title: t("saved.paidAgainCost"),
        width: 130,
        right: true,
        cell: (row) => <Money usd={row.paid_again_usd} />,
      },
    ],
    [i18n.language],
  );
}
