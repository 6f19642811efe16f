import { expect, test } from "vitest";
import { koreanAnswer } from "./answers";

test("a sentence of the server is said in Korean with its values", () => {
  expect(koreanAnswer("Give 0 to 10 retries.")).toBe("재시도는 0회에서 10회까지 정할 수 있어요.");
  expect(koreanAnswer("The project already has a model 'gpt-4o'.")).toBe(
    "“gpt-4o” 모델이 이미 있어요. 다른 이름을 써 주세요.",
  );
});

test("a sentence that is not known is left to be shown as it came", () => {
  expect(koreanAnswer("Something new happened.")).toBeNull();
});
