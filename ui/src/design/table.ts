// What a table remembers in this browser: which columns, how wide, how high the rows.
import { useLocalStorage } from "@mantine/hooks";
import type { ReactNode } from "react";

export interface Column<Row> {
  id: string;
  title: string;
  width: number;
  /** Numbers stand to the right. */
  right?: boolean;
  /** Not shown until chosen. */
  hidden?: boolean;
  /** Cannot be hidden; the first column never can. */
  always?: boolean;
  cell: (row: Row) => ReactNode;
}

export type Density = "compact" | "comfortable";

export interface TablePrefs {
  visible: Record<string, boolean>;
  widths: Record<string, number>;
  density: Density;
}

const NOTHING_CHOSEN: TablePrefs = { visible: {}, widths: {}, density: "compact" };

export interface TableMemory {
  prefs: TablePrefs;
  setPrefs: (change: (prefs: TablePrefs) => TablePrefs) => void;
  reset: () => void;
}

/** The memory of the table called `name`. */
export function useTableMemory(name: string): TableMemory {
  const [prefs, setPrefs, reset] = useLocalStorage<TablePrefs>({
    key: `madang.table.${name}`,
    defaultValue: NOTHING_CHOSEN,
    getInitialValueInEffect: false,
  });
  return { prefs: { ...NOTHING_CHOSEN, ...prefs }, setPrefs, reset };
}

export function isShown<Row>(column: Column<Row>, index: number, prefs: TablePrefs): boolean {
  return index === 0 || column.always || (prefs.visible[column.id] ?? !column.hidden);
}
