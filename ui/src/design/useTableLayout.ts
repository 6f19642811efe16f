// Which columns of a table are shown and how wide each is, as the person left them.
import {
  columnResizingFeature,
  columnSizingFeature,
  columnVisibilityFeature,
  type Header,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { type CSSProperties, useMemo } from "react";
import { type Column, isShown, type TableMemory } from "./table";

const features = tableFeatures({ columnSizingFeature, columnResizingFeature, columnVisibilityFeature });
const NARROWEST = 48;
const WIDEST = 1200;

export interface TableLayout<Row extends object> {
  shown: Column<Row>[];
  widths: number[];
  /** Of all shown columns together. */
  width: number;
  styleOf: (place: number) => CSSProperties;
  headerOf: (columnId: string) => Header<typeof features, Row> | undefined;
}

export function useTableLayout<Row extends object>(
  columns: Column<Row>[],
  rows: Row[],
  rowId: (row: Row) => string,
  memory: TableMemory,
): TableLayout<Row> {
  const definitions = useMemo(
    () =>
      columns.map(({ id, title, width }) => ({
        id,
        header: title,
        size: width,
        minSize: NARROWEST,
        maxSize: WIDEST,
      })),
    [columns],
  );
  const visibility = useMemo(
    () =>
      Object.fromEntries(columns.map((column, place) => [column.id, isShown(column, place, memory.prefs)])),
    [columns, memory.prefs],
  );
  const table = useTable({
    features,
    columns: definitions,
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
  return {
    shown,
    widths,
    width: widths.reduce((sum, one) => sum + one, 0),
    // The last column takes the room that is left over.
    styleOf: (place) => ({
      width: widths[place],
      flex: place === shown.length - 1 ? `1 0 ${widths[place]}px` : `0 0 ${widths[place]}px`,
    }),
    headerOf: (columnId) => table.getFlatHeaders().find((header) => header.column.id === columnId),
  };
}
