// The columns of the traces table: numbers before words, so that they need no scrolling.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { TraceRow } from "../api/shapes";
import { causeWords, kindWords } from "../calls/words";
import { Count, Duration, Money } from "../design/Figures";
import { Tag } from "../design/Tag";
import { ClockTime } from "../design/Time";
import type { Column } from "../design/table";
import { Status } from "./Status";

export function useTraceColumns(): Column<TraceRow>[] {
  const { t, i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<TraceRow>[] => [
      { id: "start", title: t("traces.start"), width: 116, cell: (row) => <ClockTime at={row.start_time} /> },
      {
        id: "status",
        title: t("traces.status"),
        width: 82,
        cell: (row) => <Status status={row.status} errorType={row.error_type} />,
      },
      {
        id: "latency",
        title: t("traces.latency"),
        width: 82,
        right: true,
        cell: (row) => <Duration ms={row.duration_ms} unknown={t("traces.unknownDuration")} />,
      },
      {
        id: "tokens",
        title: t("traces.tokens"),
        width: 74,
        right: true,
        cell: (row) => <Count value={row.total_tokens} unknown={t("traces.unknownTokens")} />,
      },
      {
        id: "cost",
        title: t("traces.cost"),
        width: 98,
        right: true,
        cell: (row) => <Money usd={row.cost_usd} unknown={t("traces.unknownCost")} />,
      },
      {
        id: "first_token",
        title: t("traces.firstToken"),
        width: 84,
        right: true,
        cell: (row) => <Duration ms={row.first_token_ms} unknown={t("traces.unknownFirstToken")} />,
      },
      {
        id: "model",
        title: t("traces.model"),
        width: 190,
        cell: (row) => (
          <>
            {row.simulated && (
              <>
                <Tag tone="sim" title={t("traces.simulatedHelp")}>
                  {t("traces.simulated")}
                </Tag>{" "}
              </>
            )}
            <span title={row.model}>{row.model}</span>
          </>
        ),
      },
      { id: "deployment", title: t("traces.deployment"), width: 130, cell: (row) => row.deployment },
      {
        id: "attempts",
        title: t("traces.attempts"),
        width: 76,
        right: true,
        cell: (row) => (row.attempts > 1 ? <Tag tone="warn">{row.attempts}</Tag> : row.attempts || ""),
      },
      { id: "user", title: t("traces.user"), width: 80, cell: (row) => row.user_id },
      { id: "session", title: t("traces.session"), width: 80, cell: (row) => row.session_id },
      { id: "name", title: t("traces.name"), width: 130, cell: (row) => row.name },
      {
        id: "input",
        title: t("traces.input"),
        width: 280,
        cell: (row) => <span title={row.input_preview}>{row.input_preview}</span>,
      },
      {
        id: "output",
        title: t("traces.output"),
        width: 280,
        cell: (row) => <span title={row.output_preview}>{row.output_preview}</span>,
      },
      {
        id: "kind",
        title: t("traces.kind"),
        width: 100,
        hidden: true,
        cell: (row) => kindWords(t, row.kind),
      },
      {
        id: "environment",
        title: t("traces.environment"),
        width: 100,
        hidden: true,
        cell: (row) => row.environment,
      },
      {
        id: "error_type",
        title: t("traces.errorType"),
        width: 120,
        hidden: true,
        cell: (row) => causeWords(t, row.error_type),
      },
    ],
    [i18n.language],
  );
}
