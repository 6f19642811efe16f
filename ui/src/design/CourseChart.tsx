// The drawing of one chart of a course. Loaded only when one is shown, because ECharts is the largest thing we carry.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, MarkAreaComponent, TooltipComponent } from "echarts/components";
import { connect, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { CourseSeries, CourseSpec, Shade } from "./course";
import { chartColours, type Scheme } from "./tokens";

use([BarChart, LineChart, GridComponent, TooltipComponent, MarkAreaComponent, SVGRenderer]);

interface CourseChartProps {
  spec: CourseSpec;
  steps: number;
  shades: Shade[];
  /** The charts that show the same moment on hover. */
  group: string;
  /** "Minute 3" for the step that begins at 3. */
  stepName: (step: number) => string;
  scheme: Scheme;
  height: number;
  isLast: boolean;
}

export default function CourseChart(props: CourseChartProps) {
  const { spec, steps, shades, group, stepName, scheme, height, isLast } = props;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const chart = init(element, null, { renderer: "svg" });
    chart.group = group;
    connect(group);
    chart.setOption(optionOf({ spec, steps, shades, stepName, scheme, isLast }));
    const observer = new ResizeObserver(() => chart.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.dispose();
    };
  }, [spec, steps, shades, group, stepName, scheme, isLast]);
  return (
    <div
      ref={box}
      style={{ height }}
      role="img"
      aria-label={[spec.title, spec.figure].filter(Boolean).join(": ")}
    />
  );
}

type Drawn = Pick<CourseChartProps, "spec" | "steps" | "shades" | "stepName" | "scheme" | "isLast">;

function optionOf({ spec, steps, shades, stepName, scheme, isLast }: Drawn) {
  const colours = chartColours(scheme);
  const colourOf = (tone: CourseSeries["tone"]) =>
    typeof tone === "number" ? (colours.parts[tone % colours.parts.length] as string) : colours[tone];
  const shaded = {
    silent: true,
    itemStyle: { color: colours.shade, opacity: 0.6 },
    data: shades.map(({ from, to }) => [{ xAxis: from }, { xAxis: Math.min(to, steps) }]),
  };
  return {
    animation: false,
    grid: { left: 56, right: 12, top: 8, bottom: isLast ? 20 : 6 },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.line,
      padding: [4, 8],
      textStyle: { color: colours.strong, fontSize: 12 },
      axisPointer: { type: "line" },
      formatter: (points: unknown) => tip(points, spec.format, stepName),
    },
    xAxis: {
      type: "value",
      min: 0,
      max: steps,
      minInterval: 1,
      // Otherwise bars would widen the axis, and the charts would no longer stand under each other.
      containShape: false,
      axisLine: { lineStyle: { color: colours.line } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { show: isLast, color: colours.text, fontSize: 11, hideOverlap: true, margin: 4 },
    },
    yAxis: {
      type: "value",
      splitNumber: 2,
      min: spec.least,
      max: spec.most,
      axisLabel: { color: colours.text, fontSize: 11, formatter: spec.format },
      splitLine: { lineStyle: { color: colours.line } },
    },
    series: spec.series.map((series, place) => ({
      name: series.name,
      // A step is drawn at its middle, so that shades, which lie between steps, meet its edges.
      data: series.values.map((value, step) => [step + 0.5, value]),
      color: colourOf(series.tone),
      ...(place === 0 ? { markArea: shaded } : {}),
      ...(spec.kind === "bars"
        ? { type: "bar", stack: "all", barWidth: "70%" }
        : {
            type: "line",
            showSymbol: steps < 30,
            symbolSize: 4,
            connectNulls: false,
            lineStyle: { width: 1.5 },
            ...(spec.kind === "band" ? { areaStyle: { opacity: 0.75 } } : {}),
          }),
    })),
  };
}

interface Point {
  marker: string;
  seriesName: string;
  value: [number, number | null];
}

/** What hovering shows. The names come from people's settings, so they are shown as text. */
function tip(points: unknown, format: CourseSpec["format"], stepName: CourseChartProps["stepName"]): string {
  const shown = (Array.isArray(points) ? points : [points]) as Point[];
  const step = Math.floor(shown[0]?.value[0] ?? 0);
  const lines = shown
    .filter((point) => point.value[1] !== 0 || shown.length === 1)
    .map(
      ({ marker, seriesName, value }) =>
        `<div>${marker}${escaped(seriesName)} <b>${value[1] == null ? "–" : escaped(format(value[1]))}</b></div>`,
    );
  return `<div>${escaped(stepName(step))}</div>${lines.join("")}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
