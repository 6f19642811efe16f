// What a small chart shows, told without any charting library: bars, or a band between two lines.

export interface Series {
  name: string;
  values: (number | null)[];
  tone: "main" | "soft" | "error";
}

export interface ChartSpec {
  id: string;
  title: string;
  /** The figure over the whole span, beside the title. */
  figure: string;
  kind: "bars" | "band";
  series: Series[];
  format: (value: number) => string;
}

/** Whether there is anything to draw; all-unknown is "no data", not a line at zero. */
export function hasPoints(spec: ChartSpec): boolean {
  return spec.series.some((series) => series.values.some((value) => value != null && value !== 0));
}
