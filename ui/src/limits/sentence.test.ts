import { createInstance, type TFunction } from "i18next";
import { beforeAll, expect, test } from "vitest";
import type { LimitKind } from "../api/shapes";
import { en } from "../words/en";
import { ko } from "../words/ko";
import {
  amountIn,
  beyondSentence,
  EACH,
  KINDS,
  limitSentence,
  shareIn,
  type Whose,
  whoseLabel,
} from "./sentence";

const spoken: Record<string, TFunction> = {};
const names = { organisation: "Acme", keys: { "pk-md-1": "menu service" } };

beforeAll(async () => {
  for (const [language, words] of Object.entries({ en, ko })) {
    const i18n = createInstance();
    const options = {
      lng: language,
      resources: { [language]: { translation: words } },
      interpolation: { escapeValue: false },
    };
    spoken[language] = (await i18n.init(options)) as TFunction;
  }
});

const said = (language: string, whose: Whose, kind: LimitKind, amount: string) =>
  limitSentence(spoken[language] as TFunction, { ...whose, kind, amount }, names);

test.each<[Whose, LimitKind, string, string, string]>([
  [
    { scope: "user", subject: EACH },
    "requests_per_minute",
    "60",
    "At most 60 requests a minute for each user of this project.",
    "이 프로젝트의 사용자마다 1분에 요청 60건까지 쓸 수 있어요.",
  ],
  [
    { scope: "key", subject: "pk-md-1" },
    "concurrency",
    "1",
    "At most 1 call at once for the key “menu service”.",
    "API 키 “menu service”에서 동시 호출 1건까지 쓸 수 있어요.",
  ],
  [
    { scope: "organisation", subject: "" },
    "usd_per_month",
    "1250.5",
    "At most $1,250.50 a month for all projects of Acme together.",
    "Acme의 모든 프로젝트를 합쳐 한 달 $1,250.50까지 쓸 수 있어요.",
  ],
  [
    { scope: "model", subject: "gpt-4o" },
    "tokens_per_minute",
    "100000",
    "At most 100,000 tokens a minute for the model “gpt-4o” in this project.",
    "이 프로젝트의 모델 “gpt-4o”에서 1분에 토큰 100,000개까지 쓸 수 있어요.",
  ],
  [
    { scope: "project", subject: "" },
    "usd_per_day",
    "0.0031",
    "At most $0.0031 a day for this project as a whole.",
    "이 프로젝트 전체에서 하루 $0.0031까지 쓸 수 있어요.",
  ],
])("%o of %s is said in a sentence", (whose, kind, amount, english, korean) => {
  expect(said("en", whose, kind, amount)).toBe(english);
  expect(said("ko", whose, kind, amount)).toBe(korean);
});

test("a key whose name is not known is called by its public key", () => {
  const whose: Whose = { scope: "key", subject: "pk-md-2" };
  expect(whoseLabel(spoken.en as TFunction, whose, names)).toBe("Key pk-md-2");
});

test("when callers are warned and until when they are refused is said", () => {
  expect(beyondSentence(spoken.en as TFunction, "usd_per_day", "0.8")).toBe(
    "From 80% of it on, callers are warned. Calls beyond that are refused (429) until midnight UTC.",
  );
});

test("every kind has words in both languages", () => {
  for (const language of ["en", "ko"])
    for (const kind of KINDS) {
      const words = said(language, { scope: "project", subject: "" }, kind, "3");
      expect(words + beyondSentence(spoken[language] as TFunction, kind, "1")).not.toContain("budgets.");
    }
});

test("amounts are taken as people write them, and nothing else is", () => {
  expect(["", "60", "100,000"].map((text) => amountIn("requests_per_minute", text))).toEqual([
    null,
    "60",
    "100000",
  ]);
  expect(["0", "1.5", "-1", "many"].map((text) => amountIn("concurrency", text))).toEqual(
    Array(4).fill(undefined),
  );
  expect(["$2.50", ".5", "0", "1e3"].map((text) => amountIn("usd_per_day", text))).toEqual([
    "2.50",
    ".5",
    undefined,
    undefined,
  ]);
});

test("a warning share is written in percent", () => {
  expect(["80", "82.5 %", "100", "0", "101", ""].map(shareIn)).toEqual([
    "0.8",
    "0.825",
    "1",
    undefined,
    undefined,
    undefined,
  ]);
});
