// How something went, step by step: several charts over one axis, told without any charting library.

export interface CourseSeries {
  name: string;
  /** One per step; null is unknown and leaves a gap. */
  values: (number | null)[];
  /** What it stands for, or the place of a part among the others. */
  tone: "main" | "soft" | "faint" | "error" | number;
}

export interface CourseSpec {
  id: string;
  title: string;
  /** The figure over all steps, beside the title. */
  figure: string;
  /** bars are stacked; a band is areas, the largest first; a line does not begin at zero. */
  kind: "bars" | "band" | "line";
  series: CourseSeries[];
  format: (value: number) => string;
  /** Ends of the axis of values, where they do not follow from the values. */
  least?: number;
  most?: number;
}

/** A span of steps that is shaded, such as while something was wrong. */
export interface Shade {
  from: number;
  to: number;
}

export function hasCourse(spec: CourseSpec): boolean {
  return spec.series.some((series) => series.values.some((value) => value != null));
}
