// A small word on a soft ground: a status, or the mark of something special.
import type { ReactNode } from "react";
import classes from "./Tag.module.css";

export type Tone = "ok" | "error" | "warn" | "sim" | "plain";

export function Tag({
  tone = "plain",
  title,
  children,
}: {
  tone?: Tone;
  title?: string;
  children: ReactNode;
}) {
  return (
    <span className={classes.tag} data-tone={tone} title={title}>
      {children}
    </span>
  );
}

/** A status as a dot with its word; the word is what counts, the colour only helps. */
export function StatusDot({ tone, title, children }: { tone: Tone; title?: string; children: ReactNode }) {
  return (
    <span className={classes.status} data-tone={tone} title={title}>
      <span className={classes.dot} aria-hidden />
      {children}
    </span>
  );
}
