import { expect, test } from "vitest";
import type { Model } from "../api/shapes";
import { draftOf, emptyDraft, firstOrder, modelOf, newDeployment, shareOf } from "./draft";

const model: Model = {
  alias: "gpt-4o",
  description: "",
  simulated: true,
  retries: 2,
  timeout_s: 60,
  first_token_timeout_s: null,
  idle_timeout_s: 20,
  fallbacks: ["gpt-4o-mini"],
  deployments: [
    {
      name: "eastus",
      vendor: "azure",
      vendor_model: "gpt-4o",
      region: "eastus",
      base_url: null,
      api_version: "2025-04-01-preview",
      credential: "azure",
      weight: 3,
      order: 1,
      enabled: true,
      input_usd_per_million: "2.5",
      cached_input_usd_per_million: null,
      output_usd_per_million: "10",
      health: { state: "healthy", until: null, reason: "" },
    },
  ],
};

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
