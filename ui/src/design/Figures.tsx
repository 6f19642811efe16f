// Numbers on the page: short form shown, exact form on hover, a dash with its reason when unknown.
import type { CSSProperties } from "react";
import {
  exactDuration,
  exactMoney,
  exactNumber,
  formatCount,
  formatDuration,
  formatMoney,
  UNKNOWN,
} from "./numbers";

interface FigureProps {
  /** Why the number is not known; shown on hover of the dash. */
  unknown?: string;
  style?: CSSProperties;
}

export function Duration({ ms, unknown, style }: FigureProps & { ms: number | null | undefined }) {
  return <Figure shown={formatDuration(ms)} exact={exactDuration(ms)} unknown={unknown} style={style} />;
}

export function Count({ value, unknown, style }: FigureProps & { value: number | null | undefined }) {
  return <Figure shown={formatCount(value)} exact={exactNumber(value)} unknown={unknown} style={style} />;
}

export function Money({ usd, unknown, style }: FigureProps & { usd: string | null | undefined }) {
  return <Figure shown={formatMoney(usd)} exact={exactMoney(usd)} unknown={unknown} style={style} />;
}

function Figure({ shown, exact, unknown, style }: FigureProps & { shown: string; exact: string }) {
  if (shown === UNKNOWN)
    return (
      <span style={{ color: "var(--md-dim)", ...style }} title={unknown}>
        {UNKNOWN}
      </span>
    );
  return (
    <span style={{ whiteSpace: "nowrap", ...style }} title={exact}>
      {shown}
    </span>
  );
}
