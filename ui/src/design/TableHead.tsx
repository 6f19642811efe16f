// The head of a table: titles, and at each right edge a handle to drag.
import { useTranslation } from "react-i18next";
import classes from "./DataTable.module.css";
import type { TableLayout } from "./useTableLayout";

export function TableHead<Row extends object>({ layout }: { layout: TableLayout<Row> }) {
  return (
    <div role="rowgroup" className={classes.head} style={{ minWidth: layout.width }}>
      <div role="row" aria-rowindex={1} className={classes.headRow}>
        {layout.shown.map((column, place) => (
          <div
            key={column.id}
            role="columnheader"
            className={classes.headCell}
            data-right={column.right || undefined}
            data-first={place === 0 || undefined}
            style={layout.styleOf(place)}
          >
            <span className={classes.clip} title={column.title}>
              {column.title}
            </span>
            <Handle layout={layout} columnId={column.id} title={column.title} />
          </div>
        ))}
      </div>
    </div>
  );
}

interface HandleProps<Row extends object> {
  layout: TableLayout<Row>;
  columnId: string;
  title: string;
}

function Handle<Row extends object>({ layout, columnId, title }: HandleProps<Row>) {
  const { t } = useTranslation();
  const header = layout.headerOf(columnId);
  if (!header) return null;
  const start = header.getResizeHandler();
  return (
    <div
      className={classes.handle}
      title={t("design.resize", { column: title })}
      data-active={header.column.getIsResizing() || undefined}
      onMouseDown={start}
      onTouchStart={start}
      onDoubleClick={() => header.column.resetSize()}
    />
  );
}
