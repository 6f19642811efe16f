// A row of small bars over time, without axes: how much, and how much of it failed. The label says it in words.
import classes from "./Sparkline.module.css";

interface SparklineProps {
  label: string;
  /** Of each time: all, and of these how many failed. */
  values: { all: number; failed: number }[];
  width?: number;
  height?: number;
}

export function Sparkline({ label, values, width = 120, height = 22 }: SparklineProps) {
  const most = Math.max(...values.map((value) => value.all), 0);
  const step = width / Math.max(values.length, 1);
  // What happened is never drawn as nothing.
  const high = (count: number) => (count > 0 ? Math.max((count / most) * (height - 1), 1.5) : 0);
  return (
    <svg className={classes.line} width={width} height={height} role="img" aria-label={label}>
      <title>{label}</title>
      <line className={classes.ground} x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} />
      {values.map((value, at) => {
        const [all, failed] = [high(value.all), high(value.failed)];
        const bar = { x: at * step + 0.5, width: Math.max(step - 1, 1) };
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the bars are times, which have no other name here
          <g key={at}>
            <rect className={classes.all} {...bar} y={height - all} height={all} />
            <rect className={classes.failed} {...bar} y={height - failed} height={failed} />
          </g>
        );
      })}
    </svg>
  );
}
