import { expect, test } from "vitest";
import { parseInline, parseMarkdown } from "./markdown";

const text = (value: string) => ({ kind: "text", text: value });

test("headings, paragraphs and lists are told apart", () => {
  const kinds = parseMarkdown("# Title\n\nSome words\nmore words\n\n- a\n- b\n\n3. c").map(
    (block) => block.kind,
  );
  expect(kinds).toEqual(["heading", "paragraph", "list", "list"]);
});

test("a numbered list keeps its first number", () => {
  expect(parseMarkdown("3. c\n4. d")[0]).toMatchObject({ ordered: true, start: 3 });
});

test("what stands in a fence is code to the letter, even when the fence is never closed", () => {
  expect(parseMarkdown("```py\n**a** = 1\n```\nafter")[0]).toEqual({ kind: "code", text: "**a** = 1" });
  expect(parseMarkdown("```\nopen")[0]).toEqual({ kind: "code", text: "open" });
});

test("a table has a head and rows", () => {
  const [table] = parseMarkdown("| a | b |\n|---|---|\n| 1 | 2 |");
  expect(table).toEqual({
    kind: "table",
    head: [[text("a")], [text("b")]],
    rows: [[[text("1")], [text("2")]]],
  });
});

test("bold, code and links inside a line", () => {
  expect(parseInline("a **b** `c` [d](https://e.f)")).toEqual([
    text("a "),
    { kind: "strong", children: [text("b")] },
    text(" "),
    { kind: "code", text: "c" },
    text(" "),
    { kind: "link", href: "https://e.f", children: [text("d")] },
  ]);
});

test("a link that could run a script stays text", () => {
  expect(parseInline("[x](javascript:alert(1))").every((part) => part.kind === "text")).toBe(true);
});

test("HTML is text", () => {
  expect(parseInline("<img src=x onerror=alert(1)>")).toEqual([text("<img src=x onerror=alert(1)>")]);
});

test("a lone asterisk is an asterisk", () => {
  expect(parseInline("2 * 3 * 4")).toEqual([text("2 * 3 * 4")]);
});
