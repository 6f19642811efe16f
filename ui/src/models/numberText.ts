// Numbers as they stand in a text field: empty is unknown, not zero. Pure.

export function textOf(value: number | null | undefined): string {
  return value == null ? "" : String(value);
}

/** Null when nothing was typed; -1, which every rule refuses with words at its field, for what is no number. */
export function numberIn(value: string): number | null {
  if (value.trim() === "") return null;
  const number = Number(value.trim().replace(/(\d)[,_](?=\d{3}\b)/g, "$1"));
  return Number.isFinite(number) ? number : -1;
}
