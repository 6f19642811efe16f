// The drawing of one small chart. Loaded only when a chart is shown, because ECharts is the largest thing we carry.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { ChartSpec } from "./chart";
import { shortTime } from "./times";
import { chartColours, type Scheme } from "./tokens";

use([BarChart, LineChart, GridComponent, TooltipComponent, AriaComponent, SVGRenderer]);

interface ChartProps {
  spec: ChartSpec;
  /** Beginning of each bucket, milliseconds since the epoch. */
  times: number[];
  scheme: Scheme;
  height: number;
  onPick?: (index: number) => void;
}

export default function Chart({ spec, times, scheme, height, onPick }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const chart = init(element, null, { renderer: "svg" });
    chart.setOption(optionOf(spec, times, scheme));
    chart.getZr().on("click", (event) => {
      const at = chart.convertFromPixel({ xAxisIndex: 0 }, event.offsetX);
      if (typeof at === "number" && times[at] !== undefined) onPick?.(at);
    });
    const observer = new ResizeObserver(() => chart.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.dispose();
    };
  }, [spec, times, scheme, onPick]);
  return (
    <div
      ref={box}
      style={{ height, cursor: onPick ? "pointer" : undefined }}
      role="img"
      aria-label={`${spec.title}: ${spec.figure}`}
    />
  );
}

function optionOf(spec: ChartSpec, times: number[], scheme: Scheme) {
  const colours = chartColours(scheme);
  const now = new Date();
  const labels = times.map((time) => shortTime(new Date(time), now).replace(/:\d\d$/, ""));
  return {
    animation: false,
    aria: { enabled: true },
    grid: { left: 46, right: 8, top: 6, bottom: 18 },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.line,
      padding: [4, 8],
      textStyle: { color: colours.strong, fontSize: 12 },
      axisPointer: { type: spec.kind === "bars" ? "shadow" : "line" },
      valueFormatter: (value: unknown) => (typeof value === "number" ? spec.format(value) : "–"),
    },
    xAxis: {
      type: "category",
      data: labels,
      axisLine: { lineStyle: { color: colours.line } },
      axisTick: { show: false },
      axisLabel: { color: colours.text, fontSize: 10, hideOverlap: true, margin: 4 },
    },
    yAxis: {
      type: "value",
      splitNumber: 2,
      axisLabel: { color: colours.text, fontSize: 10, formatter: spec.format, showMinLabel: false },
      splitLine: { lineStyle: { color: colours.line } },
    },
    series: spec.series.map((series) => ({
      name: series.name,
      data: series.values,
      color: colours[series.tone],
      ...(spec.kind === "bars"
        ? { type: "bar", stack: "all", barCategoryGap: "20%" }
        : {
            type: "line",
            showSymbol: series.values.filter((value) => value != null).length < 3,
            symbolSize: 4,
            connectNulls: false,
            lineStyle: { width: 1.5 },
            areaStyle: { opacity: series.tone === "soft" ? 0.35 : 0.12 },
          }),
    })),
  };
}
