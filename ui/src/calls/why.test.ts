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
  ["order 1, weight 3 of 4, on trial after timeout", "1순위 · 가중치 3/4 · 확인 중(시간 초과)"],
  ["order 1, preferred region koreacentral, 2 calls in hand", "1순위 · 우선 리전 koreacentral · 처리 중 2건"],
  [
    "order 2, preferred region koreacentral, not measured lately, so it is tried",
    "2순위 · 우선 리전 koreacentral · 최근 측정값이 없어 먼저 시도",
  ],
  ["order 1, first token lately in 340 ms (median)", "1순위 · 최근 첫 토큰 340 ms(중앙값)"],
  ["order 1, about $0.0012 for this call", "1순위 · 이 호출에 약 $0.0012"],
  ["order 1, where this session's calls stay", "1순위 · 이 세션이 머무는 배포"],
  ["hedge: nothing from a after 1.5 s; order 2", "a이(가) 1.5초 동안 답이 없어 함께 보낸 요청 · 2순위"],
  ["continues after stream_cut; order 2", "끊긴 스트림을 이어서 생성(스트림 끊김) · 2순위"],
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
