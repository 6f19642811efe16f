import { expect, test } from "vitest";
import { SNIPPETS, snippet } from "./snippets";

const parts = { baseUrl: "http://127.0.0.1:7600/", secretKey: "sk-md-1", model: "it's" };

test.each(SNIPPETS)("%s is four lines with the address, the key and the model", (name) => {
  const code = snippet(name, parts);
  expect(code.split("\n")).toHaveLength(4);
  expect(code).toContain("http://127.0.0.1:7600");
  expect(code).toContain("sk-md-1");
  expect(code).not.toContain("7600//");
});

test("a quote in a model's name does not end curl's argument", () => {
  expect(snippet("curl", parts)).toContain(`"it'\\''s"`);
});
