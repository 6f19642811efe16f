// The one table: only the rows in view are drawn, the head and the first column stay, columns can be resized,
// and ↑ ↓ Home End Enter work. It knows columns and rows, not what they mean.
// Its parts are boxes with the roles of a grid, because a table element cannot hold rows that are not drawn.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./DataTable.module.css";
import { TableHead } from "./TableHead";
import { TableSkeleton } from "./TableSkeleton";
import type { Column, TableMemory } from "./table";
import { type TableLayout, useTableLayout } from "./useTableLayout";

const ROW_HEIGHT = { compact: 28, comfortable: 38 } as const;

interface DataTableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowId: (row: Row) => string;
  memory: TableMemory;
  /** No rows have come yet. */
  loading?: boolean;
  /** Shown in place of rows when there are none: empty, failed, forbidden. */
  instead?: ReactNode;
  /** How many rows there are in all, when more than are loaded. */
  total?: number;
  selected?: string;
  onSelect?: (row: Row) => void;
  /** Called when the last loaded row comes into view. */
  onEnd?: () => void;
  loadingMore?: boolean;
  /** A word under the last row. */
  footer?: ReactNode;
  /** Called when the first row comes into or leaves the view. */
  onTop?: (atTop: boolean) => void;
  /** The row drawn paler, such as something switched off. */
  isFaint?: (row: Row) => boolean;
  /** In pixels; the person's chosen density when absent. */
  rowHeight?: number;
}

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const layout = useTableLayout(props.columns, props.rows, props.rowId, props.memory);
  const height = props.rowHeight ?? ROW_HEIGHT[props.memory.prefs.density];
  if (props.rows.length > 0) return <Grid {...props} layout={layout} height={height} />;
  return (
    <div className={classes.still} aria-busy={props.loading}>
      <div aria-hidden>
        <TableHead layout={layout} />
      </div>
      {props.loading ? (
        <TableSkeleton height={height} widths={layout.widths} />
      ) : (
        <div className={classes.instead}>{props.instead}</div>
      )}
    </div>
  );
}

function Grid<Row extends object>(props: DataTableProps<Row> & { layout: TableLayout<Row>; height: number }) {
  const { label, rows, rowId, layout, height, total, selected, onSelect, onEnd, onTop } = props;
  const { t } = useTranslation();
  const idBase = useId();
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (index) => rowId(rows[index] as Row),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the virtualiser keeps heights until it is told to measure again
  useEffect(() => virtual.measure(), [height]);

  const visible = virtual.getVirtualItems();
  const last = visible.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - 1) onEnd?.();
  }, [last, rows.length, onEnd]);

  const at = rows.findIndex((row) => rowId(row) === selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: follow the selection, not every change of the virtualiser
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!onSelect || event.target !== box.current) return;
    const page = Math.floor((box.current?.clientHeight ?? 0) / height) - 2;
    const next = targetOf(event.key, at, rows.length, page);
    const row = next == null ? undefined : rows[next];
    if (!row) return;
    event.preventDefault();
    onSelect(row);
  };

  return (
    <div
      ref={box}
      role="grid"
      aria-label={label}
      aria-rowcount={(total ?? rows.length) + 1}
      aria-colcount={layout.shown.length}
      aria-activedescendant={at >= 0 ? `${idBase}-${at}` : undefined}
      tabIndex={0}
      className={classes.box}
      onKeyDown={onKeyDown}
      onScroll={(event) => onTop?.(event.currentTarget.scrollTop < height)}
    >
      <TableHead layout={layout} />
      <div
        role="rowgroup"
        className={classes.body}
        style={{ height: virtual.getTotalSize(), minWidth: layout.width }}
      >
        {visible.map(({ index, key, start }) => {
          const row = rows[index] as Row;
          return (
            <div
              key={key}
              id={`${idBase}-${index}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={onSelect ? index === at : undefined}
              className={classes.row}
              data-opens={onSelect ? true : undefined}
              data-faint={props.isFaint?.(row) || undefined}
              style={{ height, transform: `translateY(${start}px)`, minWidth: layout.width }}
              onClick={() => onSelect?.(row)}
            >
              {layout.shown.map((column, place) => (
                <div
                  key={column.id}
                  role="gridcell"
                  className={classes.cell}
                  data-right={column.right || undefined}
                  data-first={place === 0 || undefined}
                  style={layout.styleOf(place)}
                >
                  <div className={classes.clip}>{column.cell(row)}</div>
                </div>
              ))}
            </div>
          );
        })}
      </div>
      {(props.loadingMore || props.footer) && (
        <div role="rowgroup">
          <div role="row">
            <div role="gridcell" className={classes.footer}>
              {props.loadingMore ? t("common.loading") : props.footer}
            </div>
          </div>
        </div>
      )}
    </div>
  );
}

/** The row a key leads to from `at` (-1 when none is selected); null when the key means nothing here. */
function targetOf(key: string, at: number, count: number, page: number): number | null {
  const moves: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: count - 1,
    Enter: Math.max(at, 0),
  };
  const target = moves[key];
  return target === undefined ? null : Math.min(count - 1, Math.max(0, target));
}
