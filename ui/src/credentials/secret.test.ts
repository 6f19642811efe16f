import { expect, test } from "vitest";
import { accountIn, emptySecret, secretOf } from "./secret";

test("a key is sent without the spaces around it", () => {
  expect(secretOf({ ...emptySecret("openai"), key: "  sk-1 \n" })).toBe("sk-1");
});

test("nothing typed is nothing sent, so that the present key stays", () => {
  expect(
    (["openai", "bedrock", "vertex", "litellm"] as const).map((vendor) => secretOf(emptySecret(vendor))),
  ).toEqual([null, null, null, null]);
});

test("a key pair is sent as the JSON that Bedrock's credentials are, a session's token only when given", () => {
  const pair = { ...emptySecret("bedrock"), accessKeyId: "AKIA1", secretAccessKey: "s3cret" };
  expect(JSON.parse(secretOf(pair) ?? "")).toEqual({ access_key_id: "AKIA1", secret_access_key: "s3cret" });
  expect(JSON.parse(secretOf({ ...pair, sessionToken: "t" }) ?? "").session_token).toBe("t");
});

test("a key file tells whose it is", () => {
  const file = { type: "service_account", client_email: "a@b.iam", project_id: "p", private_key: "-----" };
  expect(accountIn(JSON.stringify(file))).toEqual({ email: "a@b.iam", project: "p" });
  expect(accountIn("{}")).toBeNull();
  expect(accountIn("not JSON")).toBeNull();
});
