// The part of Markdown that models write, as a tree of plain values. No HTML passes through:
// whatever is not understood stays text.

export type Inline =
  | { kind: "text" | "code"; text: string }
  | { kind: "strong" | "em"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] };

export type Block =
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "paragraph" | "quote"; children: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "list"; ordered: boolean; start: number; items: Inline[][] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const DIVIDER = /^\s*\|?\s*:?-{2,}.*$/;

export function parseMarkdown(source: string): Block[] {
  const lines = source.split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] as string;
    const fence = /^\s*(```+|~~~+)/.exec(line)?.[1];
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    const end = fence ? afterFence(lines, at, fence) : at + 1;
    if (line.trim() === "") at++;
    else if (fence) {
      blocks.push({
        kind: "code",
        text: lines.slice(at + 1, end - (isFence(lines[end - 1], fence) ? 1 : 0)).join("\n"),
      });
      at = end;
    } else if (heading) {
      blocks.push({
        kind: "heading",
        level: heading[1]?.length ?? 1,
        children: parseInline(heading[2] ?? ""),
      });
      at++;
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      blocks.push({ kind: "rule" });
      at++;
    } else if (
      line.includes("|") &&
      DIVIDER.test(lines[at + 1] ?? "") &&
      (lines[at + 1] ?? "").includes("|")
    ) {
      const stop = runOf(lines, at + 2, (next) => next.includes("|"));
      blocks.push({ kind: "table", head: cellsOf(line), rows: lines.slice(at + 2, stop).map(cellsOf) });
      at = stop;
    } else if (ITEM.test(line)) {
      const stop = runOf(lines, at, (next) => ITEM.test(next) || /^\s{2,}\S/.test(next));
      blocks.push(listOf(lines.slice(at, stop)));
      at = stop;
    } else if (line.startsWith(">")) {
      const stop = runOf(lines, at, (next) => next.startsWith(">"));
      const quoted = lines.slice(at, stop).map((next) => next.replace(/^>\s?/, ""));
      blocks.push({ kind: "quote", children: parseInline(quoted.join("\n")) });
      at = stop;
    } else {
      const stop = runOf(
        lines,
        at + 1,
        (next) => next.trim() !== "" && !/^\s*(```|~~~|#{1,6}\s|>)/.test(next) && !ITEM.test(next),
      );
      blocks.push({ kind: "paragraph", children: parseInline(lines.slice(at, stop).join("\n")) });
      at = stop;
    }
  }
  return blocks;
}

export function parseInline(source: string): Inline[] {
  const parts: Inline[] = [];
  const pattern = /(`+)([\s\S]+?)\1|\*\*([\s\S]+?)\*\*|\*([^\s*][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;
  let done = 0;
  for (const match of source.matchAll(pattern)) {
    const [whole, , code, strong, em, label, href] = match;
    const made = inlineOf(code, strong, em, label, href);
    if (!made) continue;
    if (match.index > done) parts.push({ kind: "text", text: source.slice(done, match.index) });
    parts.push(made);
    done = match.index + whole.length;
  }
  if (done < source.length) parts.push({ kind: "text", text: source.slice(done) });
  return parts;
}

function inlineOf(code?: string, strong?: string, em?: string, label?: string, href?: string): Inline | null {
  if (code !== undefined) return { kind: "code", text: code };
  if (strong !== undefined) return { kind: "strong", children: parseInline(strong) };
  if (em !== undefined) return { kind: "em", children: parseInline(em) };
  // Only addresses a browser can do no harm with; "javascript:" and the like stay text.
  if (label !== undefined && href !== undefined && /^(https?:\/\/|mailto:)/i.test(href))
    return { kind: "link", href, children: parseInline(label) };
  return null;
}

function listOf(lines: string[]): Block {
  const first = ITEM.exec(lines[0] ?? "");
  const items: string[] = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item) items.push(item[2] ?? "");
    else items.push(`${items.pop() ?? ""}\n${line.trim()}`);
  }
  return {
    kind: "list",
    ordered: first?.[1] !== undefined,
    start: Number(first?.[1] ?? 1),
    items: items.map(parseInline),
  };
}

function cellsOf(line: string): Inline[][] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => parseInline(cell.trim()));
}

function runOf(lines: string[], from: number, goesOn: (line: string) => boolean): number {
  let at = from;
  while (at < lines.length && goesOn(lines[at] as string)) at++;
  return Math.max(at, from);
}

function afterFence(lines: string[], from: number, fence: string): number {
  for (let at = from + 1; at < lines.length; at++) if (isFence(lines[at], fence)) return at + 1;
  return lines.length;
}

function isFence(line: string | undefined, fence: string): boolean {
  const text = line?.trim() ?? "";
  return text.startsWith(fence) && text.replaceAll(fence[0] as string, "") === "";
}
