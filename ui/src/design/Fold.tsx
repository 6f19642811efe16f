// A part of a form or page that is folded until somebody wants it. Its line tells what is chosen inside.
import { ChevronRight } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import classes from "./Fold.module.css";

interface FoldProps {
  title: string;
  /** What is chosen inside, in a few words. */
  chosen?: ReactNode;
  /** Something inside is wrong or wanted, so it opens by itself. */
  opens?: boolean;
  /** Inside another box: no frame of its own. */
  plain?: boolean;
  children: ReactNode;
}

export function Fold({ title, chosen, opens, plain, children }: FoldProps) {
  const [open, setOpen] = useState(opens ?? false);
  useEffect(() => {
    if (opens) setOpen(true);
  }, [opens]);
  return (
    <details
      className={classes.fold}
      data-plain={plain || undefined}
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className={classes.summary}>
        <ChevronRight size={15} className={classes.arrow} aria-hidden />
        <span className={classes.title}>{title}</span>
        {chosen && <span className={classes.chosen}>{chosen}</span>}
      </summary>
      <div className={classes.inside}>{children}</div>
    </details>
  );
}
