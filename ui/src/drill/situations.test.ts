import { expect, test } from "vitest";
import type { Deployment, Model } from "../api/shapes";
import { reachable, situationsOf } from "./situations";

function deployment(name: string, vendor: Deployment["vendor"], more: Partial<Deployment> = {}): Deployment {
  return { name, vendor, region: "", order: 1, weight: 1, enabled: true, ...more } as Deployment;
}

function model(alias: string, deployments: Deployment[], more: Partial<Model> = {}): Model {
  return { alias, deployments, fallbacks: [], routing: { fallbacks_after: {} }, ...more } as Model;
}

const EAST = deployment("azure-eastus", "azure", { region: "eastus" });
const KOREA = deployment("azure-korea", "azure", { region: "koreacentral" });
const GEMINI = deployment("gemini-main", "gemini");

test("the deployments of fallbacks are reached too, each once, and those switched off are not", () => {
  const models = [
    model("chat", [deployment("spare", "openai", { order: 2 }), EAST], {
      fallbacks: ["mini"],
      routing: { fallbacks_after: { policy_block: ["safe"] } } as unknown as Model["routing"],
    }),
    model("mini", [EAST, deployment("off", "openai", { enabled: false })]),
    model("safe", [GEMINI]),
  ];
  expect(reachable(models, "chat").map((one) => one.name)).toEqual(["azure-eastus", "spare", "gemini-main"]);
});

test("the first situation is an outage of the region that is asked first", () => {
  const [first, second] = situationsOf([EAST, KOREA], 10);
  expect(first).toMatchObject({ kind: "region", vendor: "azure", region: "eastus" });
  expect(first?.disturbances).toMatchObject([
    { kind: "down", vendor: "azure", region: "eastus", from_minute: 2, to_minute: 8 },
  ]);
  expect(second).toMatchObject({ kind: "region", region: "koreacentral" });
});

test("without regions the first situation is an outage of one deployment", () => {
  expect(situationsOf([GEMINI], 10)[0]).toMatchObject({ kind: "deployment", deployment: "gemini-main" });
});

test("the filter that blocks is Gemini's where there is one", () => {
  const blocks = situationsOf([EAST, GEMINI], 10).find((one) => one.kind === "blocks");
  expect(blocks?.disturbances).toMatchObject([{ kind: "blocks", vendor: "gemini", share: 0.05 }]);
});

test("a vendor's outage is offered only where another vendor is left", () => {
  expect(situationsOf([EAST, KOREA], 10).some((one) => one.kind === "vendor")).toBe(false);
  expect(situationsOf([EAST, GEMINI], 10).some((one) => one.kind === "vendor")).toBe(true);
});

test("a model that reaches nobody has no situations", () => {
  expect(situationsOf([], 10)).toEqual([]);
});
