import { createInstance, type TFunction } from "i18next";
import { beforeAll, expect, test } from "vitest";
import { en } from "../words/en";
import { ko } from "../words/ko";
import { whyWords } from "./why";

const spoken: Record<string, TFunction> = {};

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

const said = (language: string, written: string) => whyWords(spoken[language] as TFunction, written);

test.each([
  ["the only deployment", "유일한 배포"],
  ["order 1, weight 3 of 4", "1순위 · 가중치 3/4"],
  ["after azure-eastus: server_error; order 2", "azure-eastus 실패(서버 오류) · 2순위"],
  [
    "after a: timeout; fallback model gpt-4o-mini: the only deployment",
    "a 실패(시간 초과) · 대체 모델 gpt-4o-mini · 유일한 배포",
  ],
  ["resting after rate_limited, tried last", "일시 제외 상태라 마지막에 시도(요청 한도 초과)"],
  ["retry 1 of 2 after overloaded", "재시도 1/2(과부하)"],
])("%s reads in Korean as %s", (written, words) => expect(said("ko", written)).toBe(words));

test("in English it says the same", () => {
  expect(said("en", "after azure-eastus: server_error; order 2")).toBe(
    "azure-eastus failed (server error) · order 2",
  );
});

test("a reason of a newer Gateway is shown as it was written", () => {
  expect(said("ko", "chosen by the moon")).toBe("chosen by the moon");
});
