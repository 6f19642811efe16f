// Rows that are still on their way.
import classes from "./DataTable.module.css";

const ROWS = 24;

export function TableSkeleton({ height, widths }: { height: number; widths: number[] }) {
  return (
    <div aria-hidden>
      {Array.from({ length: ROWS }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the bars never change places
        <div key={line} className={classes.skeletonRow} style={{ height }}>
          {widths.map((width, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <div key={place} style={{ flex: `0 0 ${width}px`, padding: "0 10px" }}>
              <div className={classes.bone} style={{ width: `${45 + ((line * 7 + place * 13) % 45)}%` }} />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}
