// Every minute of a drill with its exact numbers.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Drill, PlayedMinute } from "../api/shapes";
import { DataTable } from "../design/DataTable";
import { Money } from "../design/Figures";
import { exactNumber, UNKNOWN } from "../design/numbers";
import { Tag } from "../design/Tag";
import { type Column, useTableMemory } from "../design/table";
import { isUnpriced } from "./courses";
import classes from "./Result.module.css";
import { shadesOf, shareText } from "./verdict";
import { causeName } from "./words";

const ROW = 28;
const ROOM = 16; // for the bar that scrolls sideways

export function MinutesTable({ drill }: { drill: Drill }) {
  const { t } = useTranslation();
  const memory = useTableMemory("drill-minutes");
  const shades = useMemo(() => shadesOf(drill), [drill]);
  const columns = useColumns(shades);
  return (
    <div className={classes.table} style={{ height: (drill.minutes.length + 1) * ROW + ROOM }}>
      <DataTable<PlayedMinute>
        label={t("drill.byMinute")}
        columns={columns}
        rows={drill.minutes}
        rowId={(minute) => String(minute.minute)}
        memory={memory}
        rowHeight={ROW}
      />
    </div>
  );
}

function useColumns(shades: { from: number; to: number }[]): Column<PlayedMinute>[] {
  const { t, i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<PlayedMinute>[] => [
      {
        id: "minute",
        title: t("drill.minute"),
        width: 110,
        cell: ({ minute }) => (
          <>
            {minute}{" "}
            {shades.some((shade) => shade.from < minute + 1 && minute < shade.to) && (
              <Tag tone="warn">{t("drill.disturbed")}</Tag>
            )}
          </>
        ),
      },
      {
        id: "calls",
        title: t("drill.callsTitle"),
        width: 62,
        right: true,
        cell: (minute) => exactNumber(minute.calls),
      },
      {
        id: "success",
        title: t("drill.success"),
        width: 86,
        right: true,
        cell: (minute) => shareText(minute.success_rate),
      },
      ...(["p50_ms", "p95_ms", "p99_ms"] as const).map((name) => ({
        id: name,
        title: name.slice(0, 3),
        width: 84,
        right: true,
        cell: (minute: PlayedMinute) => <Exactly value={minute[name]} unknown={t("drill.nobodyInMinute")} />,
      })),
      {
        id: "first_token",
        title: t("drill.firstToken"),
        width: 104,
        right: true,
        cell: (minute) => <Exactly value={minute.first_token_p95_ms} unknown={t("drill.noStreams")} />,
      },
      {
        id: "cost",
        title: t("drill.cost"),
        width: 76,
        right: true,
        cell: (minute) => (
          <Money usd={isUnpriced(minute) ? null : minute.cost_usd} unknown={t("traces.unknownCost")} />
        ),
      },
      {
        id: "attempts",
        title: t("drill.attempts"),
        width: 84,
        right: true,
        cell: (minute) => exactNumber(minute.attempts),
      },
      {
        id: "failures",
        title: t("drill.failures"),
        width: 150,
        cell: (minute) => <Counted of={minute.failures} name={(reason) => causeName(t, reason)} />,
      },
      {
        id: "where",
        title: t("drill.where"),
        width: 150,
        cell: (minute) => <Counted of={minute.by_deployment} name={(deployment) => deployment} />,
      },
    ],
    [i18n.language, shades],
  );
}

/** Every digit, because this is where people come to read them. */
function Exactly({ value, unknown }: { value: number | null; unknown: string }) {
  if (value !== null) return <span style={{ whiteSpace: "nowrap" }}>{exactNumber(value)} ms</span>;
  return (
    <span style={{ color: "var(--md-dim)" }} title={unknown}>
      {UNKNOWN}
    </span>
  );
}

function Counted({ of, name }: { of: Record<string, number>; name: (key: string) => string }) {
  const words = Object.entries(of)
    .toSorted(([, a], [, b]) => b - a)
    .map(([key, count]) => `${name(key)} ${count}`)
    .join(", ");
  return <span title={words}>{words}</span>;
}
