import { expect, test } from "vitest";
import {
  exactDuration,
  exactMoney,
  formatCount,
  formatDuration,
  formatMoney,
  formatShare,
  formatSize,
} from "./numbers";

test.each([
  [0, "0 ms"],
  [0.4, "<1 ms"],
  [340.2, "340 ms"],
  [999.6, "1.0 s"],
  [1234, "1.2 s"],
  [12_600, "13 s"],
  [59_700, "1 min"],
  [125_000, "2 min 5 s"],
  [3_780_000, "1 h 3 min"],
  [null, "–"],
])("%s ms is shown as %s", (ms, shown) => expect(formatDuration(ms)).toBe(shown));

test.each([
  [0, "0"],
  [999, "999"],
  [12_400, "12.4k"],
  [12_000, "12k"],
  [999_960, "1M"],
  [3_140_000, "3.1M"],
  [undefined, "–"],
])("%s is counted as %s", (count, shown) => expect(formatCount(count)).toBe(shown));

test.each([
  ["0", "$0"],
  ["0.000000000", "$0"],
  ["0.0031", "$0.0031"],
  ["0.00000421", "$0.0000042"],
  ["0.3", "$0.30"],
  ["0.312", "$0.31"],
  ["1234.5", "$1,234.50"],
  ["250000", "$250k"],
  [null, "–"],
])("%s dollars are shown as %s", (usd, shown) => expect(formatMoney(usd)).toBe(shown));

test("money that exists is never shown as zero", () => {
  for (let places = 1; places <= 9; places++) {
    expect(formatMoney(`0.${"0".repeat(places - 1)}1`)).toMatch(/[1-9]/);
  }
});

test("the exact amount keeps every digit the server sent", () => {
  expect(exactMoney("0.003120000")).toBe("$0.003120000");
});

test("the exact duration keeps microseconds", () => {
  expect(exactDuration(1234.5678)).toBe("1,234.568 ms");
});

test("a share of nothing is unknown, not zero", () => {
  expect(formatShare(0, 0)).toBe("–");
  expect(formatShare(0, 10)).toBe("0%");
  expect(formatShare(1, 3)).toBe("33.3%");
  expect(formatShare(1, 100_000)).toBe("<0.01%");
});

test("sizes are in bytes, kilobytes and megabytes", () => {
  expect([formatSize(812), formatSize(12_300), formatSize(3_400_000)]).toEqual(["812 B", "12 kB", "3.4 MB"]);
});
