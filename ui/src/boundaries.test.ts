// Who may import whom among the folders of `src`: pages stand on the ground below them and know nothing of each other.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = import.meta.dirname;
const PAGES = [
  "credentials",
  "drill",
  "home",
  "keys",
  "limits",
  "members",
  "models",
  "prices",
  "profile",
  "project",
  "shell",
  "sign-in",
  "traces",
];
const GROUND: Record<string, string[]> = {
  words: [],
  api: [],
  design: ["words"],
  session: ["api", "design", "words"],
  snippets: ["design", "words"],
  calls: ["api", "design", "words"],
};

const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));

function folderOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] as string) : "";
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1] as string);
  return found.map((path) => folderOf(relative(ROOT, resolve(ROOT, dirname(file), path))));
}

test("every folder is known here", () => {
  const folders = new Set(files.map(folderOf).filter(Boolean));
  expect([...folders].toSorted()).toEqual([...PAGES, ...Object.keys(GROUND)].toSorted());
});

test("a folder imports only from itself and from the ground below it", () => {
  const wrong = files.flatMap((file) => {
    const own = folderOf(file);
    if (own === "") return [];
    const allowed = [own, ...(GROUND[own] ?? Object.keys(GROUND))];
    return importsOf(file)
      .filter((folder) => folder !== "" && !allowed.includes(folder))
      .map((folder) => `${file} imports ${folder}`);
  });
  expect(wrong).toEqual([]);
});
