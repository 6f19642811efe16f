// One number that matters, with its name and over what it was counted.
import type { ReactNode } from "react";
import classes from "./FigureTile.module.css";

export function FigureTile({ title, value, note }: { title: string; value: ReactNode; note?: ReactNode }) {
  return (
    <div className={classes.tile}>
      <div className={classes.title}>{title}</div>
      <div className={classes.value}>{value}</div>
      <div className={classes.note}>{note}</div>
    </div>
  );
}
