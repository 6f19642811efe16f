// Room for a table on a page that scrolls: as high as its rows, up to a dozen; then the table scrolls.
import type { ReactNode } from "react";

const HEAD = 28;
const BORDERS = 2;
const MOST_ROWS = 12;

interface TableBoxProps {
  rows: number;
  /** In pixels. */
  rowHeight: number;
  /** In pixels, for what is shown when there are no rows. */
  instead: number;
  children: ReactNode;
}

export function TableBox({ rows, rowHeight, instead, children }: TableBoxProps) {
  const height = rows === 0 ? instead : HEAD + Math.min(rows, MOST_ROWS) * rowHeight + BORDERS;
  return (
    <div
      style={{
        display: "flex",
        flexDirection: "column",
        height,
        overflow: "hidden",
        border: "1px solid var(--md-line)",
        borderRadius: 6,
      }}
    >
      {children}
    </div>
  );
}
