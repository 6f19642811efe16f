// The one table: only the rows in view are drawn, the head and the first column stay, columns can be resized,
// and ↑ ↓ Home End Enter work. It knows columns and rows, not what they mean.
import {
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  type Header,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./DataTable.module.css";
import { type Column, isShown, type TableMemory } from "./table";

const features = tableFeatures({ columnSizingFeature, columnResizingFeature, columnVisibilityFeature });
const ROW_HEIGHT = { compact: 28, comfortable: 38 } as const;
const SKELETONS = 24;

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
  const { label, columns, rows, rowId, memory, loading, instead, total, selected, onSelect, onEnd } = props;
  const { t } = useTranslation();
  const idBase = useId();
  const box = useRef<HTMLDivElement>(null);
  const height = props.rowHeight ?? ROW_HEIGHT[memory.prefs.density];

  const defs = useMemo(
    () =>
      columns.map((column) => ({ id: column.id, header: column.title, size: column.width, minSize: 48, maxSize: 1200 })),
    [columns],
  );
  const visibility = useMemo(
    () => Object.fromEntries(columns.map((column, index) => [column.id, isShown(column, index, memory.prefs)])),
    [columns, memory.prefs],
  );
  const table = useTable({
    features,
    columns: defs,
    data: rows,
    getRowId: rowId,
    columnResizeMode: "onChange",
    state: { columnVisibility: visibility, columnSizing: memory.prefs.widths },
    onColumnSizingChange: (change) =>
      memory.setPrefs((prefs) => ({
        ...prefs,
        widths: typeof change === "function" ? change(prefs.widths) : change,
      })),
  });
  const shown = columns.filter((column) => visibility[column.id]);
  const widths = shown.map((column) => table.getColumn(column.id)?.getSize() ?? column.width);
  const width = widths.reduce((sum, one) => sum + one, 0);

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (index) => rowId(rows[index] as Row),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the virtualiser keeps heights until it is told to measure again
  useEffect(() => virtual.measure(), [height]);

  const visibleRows = virtual.getVirtualItems();
  const last = visibleRows.at(-1)?.index ?? -1;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 1) onEnd?.();
  }, [last, rows.length, onEnd]);

  const at = rows.findIndex((row) => rowId(row) === selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: follow the selection, not every change of the virtualiser
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!onSelect || event.target !== box.current) return;
    const next = targetOf(event.key, at, rows.length, Math.floor((box.current?.clientHeight ?? 0) / height) - 2);
    const row = next == null ? undefined : rows[next];
    if (!row) return;
    event.preventDefault();
    onSelect(row);
  };

  const columnStyle = (index: number) => ({
    width: widths[index],
    flex: index === shown.length - 1 ? `1 0 ${widths[index]}px` : `0 0 ${widths[index]}px`,
  });

  return (
    // biome-ignore lint/a11y/useSemanticElements: only rows in view exist, which a table element cannot say
    <div
      ref={box}
      role="grid"
      aria-label={label}
      aria-rowcount={(total ?? rows.length) + 1}
      aria-colcount={shown.length}
      aria-busy={loading}
      aria-activedescendant={at >= 0 ? `${idBase}-${at}` : undefined}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a grid takes the focus once and moves in itself
      tabIndex={0}
      className={classes.box}
      onKeyDown={onKeyDown}
      onScroll={(event) => props.onTop?.(event.currentTarget.scrollTop < height)}
    >
      <div role="rowgroup" className={classes.head} style={{ minWidth: width }}>
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus */}
        <div role="row" aria-rowindex={1} className={classes.headRow}>
          {shown.map((column, index) => (
            // biome-ignore lint/a11y/useSemanticElements: see above
            // biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus
            <div
              key={column.id}
              role="columnheader"
              className={classes.headCell}
              data-right={column.right || undefined}
              data-first={index === 0 || undefined}
              style={columnStyle(index)}
            >
              <span className={classes.clip} title={column.title}>
                {column.title}
              </span>
              <Handle
                header={table.getFlatHeaders().find((header) => header.column.id === column.id)}
                label={t("design.resize", { column: column.title })}
              />
            </div>
          ))}
        </div>
      </div>
      {rows.length > 0 ? (
        <div role="rowgroup" className={classes.body} style={{ height: virtual.getTotalSize(), minWidth: width }}>
          {visibleRows.map((item) => {
            const row = rows[item.index] as Row;
            return (
              // biome-ignore lint/a11y/useSemanticElements: see above
              // biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus
              // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys
              <div
                key={item.key}
                id={`${idBase}-${item.index}`}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={onSelect ? item.index === at : undefined}
                className={classes.row}
                data-opens={onSelect ? true : undefined}
                data-faint={props.isFaint?.(row) || undefined}
                style={{ height, transform: `translateY(${item.start}px)`, minWidth: width }}
                onClick={() => onSelect?.(row)}
              >
                {shown.map((column, index) => (
                  // biome-ignore lint/a11y/useSemanticElements: see above
                  // biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus
                  <div
                    key={column.id}
                    role="gridcell"
                    className={classes.cell}
                    data-right={column.right || undefined}
                    data-first={index === 0 || undefined}
                    style={columnStyle(index)}
                  >
                    <div className={classes.clip}>{column.cell(row)}</div>
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      ) : loading ? (
        <Skeletons height={height} widths={widths} />
      ) : (
        <div className={classes.instead}>{instead}</div>
      )}
      {rows.length > 0 && (props.loadingMore || props.footer) && (
        <div className={classes.footer}>{props.loadingMore ? t("common.loading") : props.footer}</div>
      )}
    </div>
  );
}

function Handle<Row extends object>({ header, label }: { header: Header<typeof features, Row> | undefined; label: string }) {
  if (!header) return null;
  const start = header.getResizeHandler();
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a pointer convenience; widths also reset from the menu
    <div
      className={classes.handle}
      title={label}
      data-active={header.column.getIsResizing() || undefined}
      onMouseDown={start}
      onTouchStart={start}
      onDoubleClick={() => header.column.resetSize()}
    />
  );
}

function Skeletons({ height, widths }: { height: number; widths: number[] }) {
  return (
    <div aria-hidden>
      {Array.from({ length: SKELETONS }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the bars never change places
        <div key={line} className={classes.skeletonRow} style={{ height }}>
          {widths.map((width, index) => (
            <div
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              key={index}
              style={{ flex: `0 0 ${width}px`, padding: "0 10px" }}
            >
              <div className={classes.bone} style={{ width: `${45 + ((line * 7 + index * 13) % 45)}%` }} />
            </div>
          ))}
        </div>
      ))}
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
  return target === undefined || count === 0 ? null : Math.min(count - 1, Math.max(0, target));
}
