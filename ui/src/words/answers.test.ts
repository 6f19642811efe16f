import { expect, test } from "vitest";
import { koreanAnswer } from "./answers";

test("a sentence of the server is said in Korean with its values", () => {
  expect(koreanAnswer("Give 0 to 10 retries.")).toBe("재시도는 0회에서 10회까지 정할 수 있어요.");
  expect(koreanAnswer("The project already has a model 'gpt-4o'.")).toBe(
    "“gpt-4o” 모델이 이미 있어요. 다른 이름을 써 주세요.",
  );
});

test("what is wrong with a route or a secret is said in Korean too", () => {
  const said = [
    "These fallbacks after context_overflow go in a circle: a → b → a. Take one out.",
    "'seoul' is the last deployment of 'gpt-4o' that takes calls. Enable another one with a weight above 0 first, or delete the model.",
    "This is not JSON. For Vertex AI paste the whole JSON key file of a service account, with type, project_id, client_email, private_key and token_uri.",
  ].map(koreanAnswer);
  expect(said).toEqual([
    "대체 경로가 돌고 돌아요: a → b → a. 하나를 빼 주세요.",
    "“seoul”은(는) 호출을 받는 마지막 배포예요. 먼저 다른 배포를 켜거나(가중치 0 초과), 모델을 삭제해 주세요.",
    "서비스 계정의 JSON 키 파일 전체를 붙여 넣어 주세요.",
  ]);
});

test("what is wrong with a limit is said in Korean", () => {
  const said = [
    "Give a whole number of 1 to 1,000,000,000,000.",
    "Give US dollars, up to 1,000,000,000 with up to 9 decimals.",
    "There can be up to 1,000 limits here. Delete those that no longer hold.",
  ].map(koreanAnswer);
  expect(said).toEqual([
    "1에서 1,000,000,000,000까지 정수를 적어 주세요.",
    "1,000,000,000달러까지, 소수점 아래 9자리까지 적을 수 있어요.",
    "한도는 1,000개까지 둘 수 있어요. 쓰지 않는 것을 제거해 주세요.",
  ]);
});

test("a sentence that is not known is left to be shown as it came", () => {
  expect(koreanAnswer("Something new happened.")).toBeNull();
});
