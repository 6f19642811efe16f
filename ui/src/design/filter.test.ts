import { describe, expect, test } from "vitest";
import { amountIn, durationOf, type FilterField, parseFilter, toggleTerm, writeFilter } from "./filter";

const fields: FilterField[] = [
  { key: "model", kind: "value", label: "Model", many: true },
  { key: "status", kind: "value", label: "Status" },
  { key: "user", kind: "value", label: "User" },
  { key: "latency", kind: "duration", label: "Latency" },
  { key: "cost", kind: "money", label: "Cost" },
];
const parse = (source: string) => parseFilter(source, fields);

describe("what is typed becomes terms and text", () => {
  test("fields, comparisons and quoted text in one line", () => {
    expect(parse('model:gpt-4o status:error latency>3s user:x "환불 요청"')).toEqual({
      terms: [
        { key: "model", sign: ":", value: "gpt-4o" },
        { key: "status", sign: ":", value: "error" },
        { key: "latency", sign: ">", value: "3s" },
        { key: "user", sign: ":", value: "x" },
      ],
      text: "환불 요청",
    });
  });

  test("bare words are text", () => {
    expect(parse("refund please").text).toBe("refund please");
  });

  test("a quoted value may hold spaces and quotes", () => {
    expect(parse('user:"Kim \\"Sky\\" H"').terms[0]?.value).toBe('Kim "Sky" H');
  });

  test("an address is text, not a field called http", () => {
    expect(parse("https://example.com/a")).toEqual({ terms: [], text: "https://example.com/a" });
  });

  test("an unknown field is kept and marked wrong", () => {
    expect(parse("colour:red").terms[0]?.wrong).toBe("unknown_field");
  });

  test("a comparison without a number is marked wrong", () => {
    expect(parse("latency>slow").terms[0]?.wrong).toBe("bad_number");
  });

  test("a colon on a number field and an arrow on a word field are marked wrong", () => {
    expect(parse("latency:3s model>gpt").terms.map((term) => term.wrong)).toEqual(["bad_sign", "bad_sign"]);
  });

  test("a field without a value is marked wrong", () => {
    expect(parse("model:").terms[0]?.wrong).toBe("no_value");
  });

  test("an open quote takes the rest of the line", () => {
    expect(parse('"not closed yet').text).toBe("not closed yet");
  });

  test("greater-or-equal reads as greater", () => {
    expect(parse("cost>=0.01").terms[0]).toEqual({ key: "cost", sign: ">", value: "0.01" });
  });
});

describe("a filter can be written down again", () => {
  test.each([
    'model:gpt-4o latency>3s "환불 요청"',
    'user:"a b" cost>0.01',
    "refund",
    'user:"say \\"hi\\""',
    "",
  ])("%s comes back as it was", (line) => {
    expect(writeFilter(parse(line))).toBe(line);
  });
});

const pick = (line: string, key: string, value: string) =>
  writeFilter(toggleTerm(parse(line), { key, sign: ":", value }, fields));

test("picking a second model means either of the two", () => {
  expect(pick("model:a status:ok", "model", "b")).toBe("model:a status:ok model:b");
});

test("picking another user replaces the one picked before", () => {
  expect(pick("user:a status:ok", "user", "b")).toBe("status:ok user:b");
});

test("picking a value again takes it out", () => {
  expect(pick("model:a model:b", "model", "b")).toBe("model:a");
});

test.each([
  ["3s", 3000],
  ["250ms", 250],
  ["1.5m", 90_000],
  ["2h", 7_200_000],
  ["40", 40],
  ["soon", null],
])("%s is %s milliseconds", (text, ms) => expect(durationOf(text)).toBe(ms));

test.each([
  ["$0.010", "0.010"],
  [".5", ".5"],
  ["free", null],
])("%s is the amount %s", (text, amount) => expect(amountIn(text)).toBe(amount));
