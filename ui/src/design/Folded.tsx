// Long text, folded to some lines with its size told, unfolded on demand.
import { UnstyledButton } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Folded.module.css";
import { formatSize } from "./numbers";

interface FoldedProps {
  text: string;
  /** How many lines (of about 100 characters) are shown while folded. */
  lines?: number;
  mono?: boolean;
  /** How the shown part is drawn; plain text when absent. */
  draw?: (shown: string) => ReactNode;
}

export function Folded({ text, lines = 14, mono, draw }: FoldedProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const head = useMemo(() => headOf(text, lines), [text, lines]);
  const isLong = head.length < text.length;
  const shown = open || !isLong ? text : head;
  return (
    <div>
      {draw ? draw(shown) : <pre className={mono ? classes.mono : classes.text}>{shown}</pre>}
      {isLong && (
        <UnstyledButton className={classes.toggle} onClick={() => setOpen(!open)} aria-expanded={open}>
          {open ? t("design.showLess") : t("design.showAll", { size: formatSize(sizeOf(text)) })}
        </UnstyledButton>
      )}
    </div>
  );
}

function headOf(text: string, lines: number): string {
  let end = 0;
  for (let line = 0; line < lines; line++) {
    const next = text.indexOf("\n", end);
    if (next === -1 || next - end > 100 * (lines - line)) {
      end = Math.min(text.length, end + 100 * (lines - line));
      break;
    }
    end = next + 1;
  }
  // A remainder too small to be worth a click is shown at once.
  return text.length - end < 120 ? text : text.slice(0, end);
}

function sizeOf(text: string): number {
  return new Blob([text]).size;
}
