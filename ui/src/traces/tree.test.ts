import { expect, test } from "vitest";
import type { Span } from "../api/shapes";
import { attemptsOf, branchesOf } from "./tree";

function span(id: string, parent: string, from: string, to: string, more: Partial<Span> = {}): Span {
  return {
    trace_id: "t",
    span_id: id,
    parent_span_id: parent,
    is_root: parent === "",
    kind: "span",
    name: id,
    start_time: `2026-11-22T10:00:${from}Z`,
    end_time: `2026-11-22T10:00:${to}Z`,
    status: "ok",
    attributes: {},
    ...more,
  } as Span;
}

const open = new Set<string>();

test("children stand under their parent, earlier ones first", () => {
  const spans = [span("c", "a", "02", "03"), span("b", "a", "01", "02"), span("a", "", "00", "04")];
  expect(branchesOf(spans, open).map((branch) => [branch.span.span_id, branch.depth])).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 1],
  ]);
});

test("bars are shares of the whole trace", () => {
  const [, child] = branchesOf([span("a", "", "00", "04"), span("b", "a", "01", "03")], open);
  expect(child).toMatchObject({ begin: 0.25, width: 0.5 });
});

test("microseconds are not lost", () => {
  const [, child] = branchesOf(
    [span("a", "", "00.000000", "00.001000"), span("b", "a", "00.000250", "00.000750")],
    open,
  );
  expect(child?.begin).toBeCloseTo(0.25, 5);
});

test("a span whose parent never arrived stands at the top", () => {
  expect(branchesOf([span("b", "gone", "00", "01")], open)).toHaveLength(1);
});

test("what is closed hides what is below it", () => {
  const spans = [span("a", "", "00", "04"), span("b", "a", "01", "02")];
  expect(branchesOf(spans, new Set(["a"]))).toHaveLength(1);
});

test("spans that claim to be each other's parents do not hang the page", () => {
  expect(branchesOf([span("a", "b", "00", "01"), span("b", "a", "00", "01")], open)).toHaveLength(0);
});

test("attempts come by their number", () => {
  const call = span("a", "", "00", "04", { kind: "generation" });
  const attempt = (id: string, number: string) =>
    span(id, "a", "01", "02", { kind: "attempt", attributes: { "madang.attempt.number": number } });
  expect(attemptsOf([attempt("y", "2"), call, attempt("x", "1")], call).map((one) => one.span_id)).toEqual([
    "x",
    "y",
  ]);
});
