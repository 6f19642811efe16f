// Several charts over one axis of steps, with the spans that matter shaded and a legend where there are parts.
import { useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense, useId } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Course.module.css";
import { type CourseSpec, hasCourse, type Shade } from "./course";
import { chartColours } from "./tokens";

const CourseChart = lazy(() => import("./CourseChart"));

interface CourseProps {
  charts: CourseSpec[];
  /** How many steps the axis has. */
  steps: number;
  shades: Shade[];
  /** In words, under the axis: what a step is and what is shaded. */
  axis: string;
  stepName: (step: number) => string;
  height?: number;
}

export function Course({ charts, steps, shades, axis, stepName, height = 92 }: CourseProps) {
  const { t } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const group = useId();
  return (
    <div className={classes.course}>
      {charts.map((spec, place) => (
        <figure key={spec.id} className={classes.chart}>
          <figcaption className={classes.caption}>
            <span className={classes.title}>{spec.title}</span> <strong>{spec.figure}</strong>
            {spec.series.length > 1 && <Legend spec={spec} />}
          </figcaption>
          {hasCourse(spec) ? (
            <Suspense fallback={<div style={{ height }} />}>
              <CourseChart
                spec={spec}
                steps={steps}
                shades={shades}
                group={group}
                stepName={stepName}
                scheme={scheme}
                height={height}
                isLast={place === charts.length - 1}
              />
            </Suspense>
          ) : (
            <div className={classes.none} style={{ height }}>
              {t("design.noData")}
            </div>
          )}
        </figure>
      ))}
      <div className={classes.axis}>{axis}</div>
    </div>
  );
}

function Legend({ spec }: { spec: CourseSpec }) {
  const scheme = useComputedColorScheme("light");
  const colours = chartColours(scheme);
  return (
    <span className={classes.legend}>
      {spec.series.map(({ name, tone }) => (
        <span key={name}>
          <span
            className={classes.swatch}
            style={{
              background:
                typeof tone === "number" ? colours.parts[tone % colours.parts.length] : colours[tone],
            }}
            aria-hidden
          />
          {name}
        </span>
      ))}
    </span>
  );
}
