// The steps of a trace: the tree on the left, each step's bar on the time line beside it.
import {
  Bot,
  Box,
  ChevronRight,
  CornerDownRight,
  Database,
  ListTree,
  Search,
  Shield,
  Sparkles,
  Wrench,
} from "lucide-react";
import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Span } from "../api/shapes";
import { kindWords } from "../calls/words";
import { exactDuration, formatDuration, formatMoney } from "../design/numbers";
import classes from "./SpanTree.module.css";
import { type Branch, branchesOf, durationOf, numberOf } from "./tree";

interface SpanTreeProps {
  spans: Span[];
  chosen: string | undefined;
  onChoose: (spanId: string) => void;
}

export function SpanTree({ spans, chosen, onChoose }: SpanTreeProps) {
  const { t } = useTranslation();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const branches = useMemo(() => branchesOf(spans, closed), [spans, closed]);
  const at = branches.findIndex((branch) => branch.span.span_id === chosen);

  const setOpen = (id: string, open: boolean) => {
    const next = new Set(closed);
    if (open) next.delete(id);
    else next.add(id);
    setClosed(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const here = branches[at];
    const target =
      event.key === "ArrowDown" ? branches[at + 1] : event.key === "ArrowUp" ? branches[at - 1] : undefined;
    if (target) onChoose(target.span.span_id);
    else if (event.key === "ArrowLeft" && here) setOpen(here.span.span_id, false);
    else if (event.key === "ArrowRight" && here) setOpen(here.span.span_id, true);
    else return;
    event.preventDefault();
  };

  return (
    <div
      role="tree"
      aria-label={t("trace.tree")}
      aria-activedescendant={chosen ? `span-${chosen}` : undefined}
      tabIndex={0}
      className={classes.tree}
      onKeyDown={onKeyDown}
    >
      {branches.map((branch) => (
        <Row
          key={branch.span.span_id}
          branch={branch}
          isChosen={branch.span.span_id === chosen}
          isOpen={!closed.has(branch.span.span_id)}
          onChoose={() => onChoose(branch.span.span_id)}
          onToggle={(open) => setOpen(branch.span.span_id, open)}
        />
      ))}
    </div>
  );
}

interface RowProps {
  branch: Branch;
  isChosen: boolean;
  isOpen: boolean;
  onChoose: () => void;
  onToggle: (open: boolean) => void;
}

function Row({ branch, isChosen, isOpen, onChoose, onToggle }: RowProps) {
  const { t } = useTranslation();
  const { span, depth, hasChildren, begin, width } = branch;
  return (
    <div
      id={`span-${span.span_id}`}
      role="treeitem"
      aria-level={depth + 1}
      aria-selected={isChosen}
      aria-expanded={hasChildren ? isOpen : undefined}
      className={classes.row}
      data-status={span.status}
      onClick={onChoose}
    >
      <div className={classes.name} style={{ paddingLeft: 8 + depth * 14 }}>
        <ChevronRight
          size={13}
          className={classes.chevron}
          data-open={isOpen || undefined}
          style={{ visibility: hasChildren ? "visible" : "hidden" }}
          onClick={(event) => {
            event.stopPropagation();
            onToggle(!isOpen);
          }}
        />
        <span className={classes.icon} title={kindWords(t, span.kind)}>
          <KindIcon kind={span.kind} />
        </span>
        <span className={classes.label} title={labelOf(span)}>
          {span.kind === "attempt"
            ? `${t("trace.attempt", { number: numberOf(span) })} · ${labelOf(span)}`
            : labelOf(span)}
        </span>
        {span.cost_usd && <span className={classes.cost}>{formatMoney(span.cost_usd)}</span>}
      </div>
      <div className={classes.line} title={exactDuration(durationOf(span))}>
        <div
          className={classes.bar}
          data-kind={toneOf(span.kind)}
          style={{ left: `calc(${placed(begin)})`, width: `max(2px, ${placed(width)})` }}
        />
        <span className={classes.time} style={{ left: `calc(${placed(begin + width)} + 5px)` }}>
          {formatDuration(durationOf(span))}
        </span>
      </div>
    </div>
  );
}

/** A share of the time line, which ends early enough for the last bar's time to stand beside it. */
function placed(share: number): string {
  return `${share} * (100% - 62px)`;
}

function labelOf(span: Span): string {
  if (span.kind === "attempt") return span.deployment || span.name;
  return span.name || span.model || span.kind;
}

function toneOf(kind: string): string {
  if (kind === "generation" || kind === "embedding") return "model";
  if (kind === "attempt") return "attempt";
  return kind === "tool" || kind === "retriever" ? "tool" : "other";
}

function KindIcon({ kind }: { kind: string }): ReactNode {
  switch (kind) {
    case "generation":
      return <Sparkles size={13} />;
    case "embedding":
      return <Database size={13} />;
    case "attempt":
      return <CornerDownRight size={13} />;
    case "tool":
      return <Wrench size={13} />;
    case "agent":
      return <Bot size={13} />;
    case "chain":
      return <ListTree size={13} />;
    case "retriever":
      return <Search size={13} />;
    case "guardrail":
      return <Shield size={13} />;
    default:
      return <Box size={13} />;
  }
}
