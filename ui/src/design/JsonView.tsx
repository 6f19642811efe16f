// JSON as it is, indented, with its size and a copy button; text that is not JSON is shown as it came.
import { useMemo } from "react";
import { CopyIcon } from "./Copy";
import { Folded } from "./Folded";
import classes from "./JsonView.module.css";

export function JsonView({ text, label }: { text: string; label: string }) {
  const pretty = useMemo(() => indented(text), [text]);
  return (
    <section className={classes.json} aria-label={label}>
      <header className={classes.head}>
        <span>{label}</span>
        <CopyIcon value={pretty} />
      </header>
      <Folded text={pretty} mono lines={60} />
    </section>
  );
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
