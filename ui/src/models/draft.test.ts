import { expect, test } from "vitest";
import type { Model } from "../api/shapes";
import { newDeployment, toVendor } from "./deploymentDraft";
import { draftOf, emptyDraft, firstOrder, modelOf, shareOf } from "./draft";
import { plainModel } from "./examples";

const model: Model = plainModel("gpt-4o", [{ name: "eastus", vendor: "azure", weight: 3 }]);

test("saving a model that was only looked at changes nothing", () => {
  const { health: _health, ...deployment } = model.deployments[0] as Model["deployments"][number];
  expect(modelOf(draftOf(model))).toEqual({ ...model, deployments: [deployment] });
});

test("an empty price is unknown, not zero", () => {
  expect(modelOf(emptyDraft()).deployments[0]?.input_usd_per_million).toBeNull();
});

test("an empty time limit is none, not zero", () => {
  expect(modelOf(emptyDraft()).first_token_timeout_s).toBeNull();
});

test("weights are shared among deployments of the same order that are on", () => {
  const draft = draftOf(model);
  const other = { ...newDeployment("b", 1), weight: "1" };
  const spare = newDeployment("c", 2);
  const off = { ...newDeployment("d", 1), enabled: false };
  draft.deployments.push(other, spare, off);
  expect([draft.deployments[0], other, spare, off].map((one) => one && shareOf(draft, one))).toEqual([
    0.75,
    0.25,
    1,
    null,
  ]);
  expect(firstOrder(draft)).toBe(1);
});

test("what only one vendor needs does not stay when another is chosen", () => {
  const azure = { ...newDeployment("a", 1), ...toVendor("azure"), api_version: "2024-10-21" };
  expect({ ...azure, ...toVendor("openai") }.api_version).toBe("");
});

test("what is no number is sent as one that is refused, not as nothing", () => {
  expect(modelOf({ ...emptyDraft(), idle_timeout_s: "soon" }).idle_timeout_s).toBe(-1);
});

test("a second request after some seconds needs the seconds, and is never both kinds", () => {
  const after = modelOf({ ...emptyDraft(), hedging: "after", hedge_after_s: "1.5" }).routing;
  expect([after?.hedge_after_s, after?.hedges_at_p95]).toEqual([1.5, false]);
  const p95 = modelOf({ ...emptyDraft(), hedging: "p95", hedge_after_s: "1.5" }).routing;
  expect([p95?.hedge_after_s, p95?.hedges_at_p95]).toEqual([null, true]);
});
