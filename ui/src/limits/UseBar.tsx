// How much of a limit one subject uses: a calm bar, the exact numbers, and a word once it is near or full.
import { useTranslation } from "react-i18next";
import type { Limit } from "../api/shapes";
import { exactMoney, exactNumber } from "../design/numbers";
import { Tag } from "../design/Tag";
import { amountText, isMoney } from "./sentence";
import classes from "./UseBar.module.css";

interface UseBarProps {
  limit: Pick<Limit, "kind" | "amount">;
  used: string;
  /** Of the amount; above 1 while in debt. */
  share: number;
  isWarned: boolean;
}

export function UseBar({ limit: { kind, amount }, used, share, isWarned }: UseBarProps) {
  const { t } = useTranslation();
  // What is used is rounded up: at the amount there is no room for one more, though a part of one may be back.
  const filled = Math.max(share, Number(used) / Number(amount));
  const state = filled >= 1 ? "full" : isWarned ? "near" : "calm";
  const exact = (value: string) => (isMoney(kind) ? exactMoney(value) : exactNumber(Number(value)));
  return (
    <span className={classes.use}>
      <span className={classes.track} aria-hidden>
        <div
          className={classes.part}
          data-state={state}
          style={{ width: `${Math.min(Math.max(filled, 0), 1) * 100}%` }}
        />
      </span>
      <span className={classes.numbers} title={`${exact(used)} / ${exact(amount)}`}>
        {amountText(kind, used)} <span className={classes.whole}>/ {amountText(kind, amount)}</span>
      </span>
      {state === "near" && (
        <Tag tone="warn" title={t("budgets.nearHelp")}>
          {t("budgets.near")}
        </Tag>
      )}
      {state === "full" && (
        <Tag tone="error" title={t("budgets.fullHelp")}>
          {t("budgets.full")}
        </Tag>
      )}
    </span>
  );
}
