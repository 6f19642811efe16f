// The spans of a trace as a tree in reading order, with the place of each on the time line. Pure.
import type { Span } from "../api/shapes";

export interface Branch {
  span: Span;
  depth: number;
  hasChildren: boolean;
  /** Begin and width on the time line, as shares of the whole trace from 0 to 1. */
  begin: number;
  width: number;
}

/** Every span once, children under parents, earlier before later. A span whose parent is missing stands at the top. */
export function branchesOf(spans: readonly Span[], closed: ReadonlySet<string>): Branch[] {
  const ids = new Set(spans.map((span) => span.span_id));
  const children = new Map<string, Span[]>();
  for (const span of spans) {
    const parent =
      ids.has(span.parent_span_id) && span.parent_span_id !== span.span_id ? span.parent_span_id : "";
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const { from, length } = extentOf(spans);
  const branches: Branch[] = [];
  const seen = new Set<string>();
  const visit = (span: Span, depth: number) => {
    if (seen.has(span.span_id)) return;
    seen.add(span.span_id);
    const below = children.get(span.span_id) ?? [];
    const start = startOf(span);
    branches.push({
      span,
      depth,
      hasChildren: below.length > 0,
      begin: (start - from) / length,
      width: Math.max(0, (endOf(span) - start) / length),
    });
    if (!closed.has(span.span_id)) for (const child of below.toSorted(byStart)) visit(child, depth + 1);
  };
  for (const root of (children.get("") ?? []).toSorted(byStart)) visit(root, 0);
  return branches;
}

/** How long a span took, in milliseconds; null while it is open. */
export function durationOf(span: Span): number | null {
  return span.end_time ? endOf(span) - startOf(span) : null;
}

/** The attempts made for a call, in the order in which they were made. */
export function attemptsOf(spans: readonly Span[], call: Span): Span[] {
  return spans
    .filter((span) => span.kind === "attempt" && span.parent_span_id === call.span_id)
    .toSorted((a, b) => numberOf(a) - numberOf(b) || byStart(a, b));
}

export function numberOf(attempt: Span): number {
  return Number(attempt.attributes["madang.attempt.number"] ?? 0);
}

/** The span to show first: the call the trace is about when it is one, else its root. */
export function firstSpan(spans: readonly Span[]): Span | undefined {
  return spans.find((span) => span.is_root) ?? spans.toSorted(byStart)[0];
}

function extentOf(spans: readonly Span[]): { from: number; length: number } {
  const from = Math.min(...spans.map(startOf));
  const to = Math.max(...spans.map(endOf));
  return { from, length: Math.max(to - from, 0.001) };
}

// Microseconds matter on a time line of milliseconds, and `Date` would drop them.
function startOf(span: Span): number {
  return millisecondsOf(span.start_time);
}

function endOf(span: Span): number {
  return span.end_time ? millisecondsOf(span.end_time) : startOf(span);
}

function millisecondsOf(iso: string): number {
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? "";
  const whole = new Date(iso.replace(/\.\d+/, "")).getTime();
  return whole + Number(`0.${fraction || 0}`) * 1000;
}

function byStart(a: Span, b: Span): number {
  return startOf(a) - startOf(b);
}
