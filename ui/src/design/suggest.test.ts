import { expect, test } from "vitest";
import { suggestionsFor, withLastWord } from "./suggest";

const fields = [
  { key: "model", kind: "value" as const, label: "Model" },
  { key: "latency", kind: "duration" as const, label: "Latency" },
];
const values = {
  model: [
    { value: "gpt-4o", count: 12 },
    { value: "my model", count: 3 },
  ],
};
const shown = (draft: string) => suggestionsFor(draft, fields, values).map((one) => one.shown);

test("an empty box offers the fields", () => expect(shown("")).toEqual(["model:", "latency>"]));

test("the beginning of a field offers that field", () => expect(shown("la")).toEqual(["latency>"]));

test("after the colon the values seen in this time are offered", () => {
  expect(shown("model:")).toEqual(["model:gpt-4o", "model:my model"]);
  expect(shown("status:ok model:4o")).toEqual(["model:gpt-4o"]);
});

test("a bare word finds values too", () => expect(shown("gpt")).toEqual(["model:gpt-4o"]));

test("a value with a space is inserted in quotes", () => {
  expect(suggestionsFor("model:my", fields, values)[0]?.insert).toBe('model:"my model"');
});

test("taking an offer replaces only the last word", () => {
  expect(withLastWord("status:ok mo", "model:")).toBe("status:ok model:");
});
