// The columns of the price list and of own prices.
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { ModelPrice } from "../api/shapes";
import { vendorName } from "../calls/vendorName";
import { Count } from "../design/Figures";
import { formatCount } from "../design/numbers";
import { Tag } from "../design/Tag";
import type { Column } from "../design/table";
import { AMOUNTS, type Amounts, isPerTokens, missingBecause, USUAL } from "./amounts";
import { PriceFigure } from "./PriceFigure";

export function useListColumns(): Column<ModelPrice>[] {
  const { t, i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<ModelPrice>[] => [
      {
        id: "model",
        title: t("prices.model"),
        width: 274,
        cell: (row) => (
          <>
            <span title={row.name}>{row.model}</span>{" "}
            {isOwn(row.source) && <Tag tone="ok">{t("prices.sourceOwn")}</Tag>}
          </>
        ),
      },
      { id: "vendor", title: t("prices.vendor"), width: 100, cell: (row) => vendorName(t, row.vendor) },
      ...amountColumns<ModelPrice>(t, (row, amount) => t(`prices.${missingBecause(row, amount)}`)),
      {
        id: "tiers",
        title: t("prices.tiers"),
        width: 120,
        right: true,
        cell: (row) =>
          row.tiers.length > 0 && (
            <span
              title={row.tiers
                .map((tier) => t("prices.tierAbove", { tokens: formatCount(tier.above_input_tokens) }))
                .join(", ")}
            >
              {t("prices.tierShort", { tokens: formatCount(row.tiers[0]?.above_input_tokens) })}
            </span>
          ),
      },
      {
        id: "context",
        title: t("prices.context"),
        width: 86,
        right: true,
        cell: (row) => <Count value={row.context_window} unknown={t("prices.unknownContext")} />,
      },
      {
        id: "max_output",
        title: t("prices.maxOutput"),
        width: 96,
        right: true,
        hidden: true,
        cell: (row) => <Count value={row.max_output_tokens} unknown={t("prices.unknownContext")} />,
      },
      {
        id: "source",
        title: t("prices.source"),
        width: 150,
        cell: (row) => <span title={row.source}>{row.source}</span>,
      },
    ],
    [i18n.language],
  );
}

/** A column for each amount; `reason` says why one is missing. */
export function amountColumns<Row extends Amounts>(
  t: TFunction,
  reason: (row: Row, amount: (typeof AMOUNTS)[number]) => string,
): Column<Row>[] {
  return AMOUNTS.map((amount) => ({
    id: amount,
    title: t(`prices.amounts.${amount}`),
    width: isPerTokens(amount) ? 104 : 136,
    right: true,
    hidden: !USUAL.includes(amount),
    cell: (row) => <PriceFigure usd={row[amount]} unknown={reason(row, amount)} />,
  }));
}

/** A source names who said so, the most specific first; a price of the project's own begins with it. */
export function isOwn(source: string): boolean {
  return source.split(", ").includes("project");
}
