// A model while it is being edited: every number as the text in its field, so that nothing typed is lost. Pure.
import type { Deployment, DeploymentInput, Model, ModelInput, Vendor } from "../api/shapes";

export interface DeploymentDraft {
  /** For React's lists only. */
  key: string;
  name: string;
  vendor: Vendor;
  vendor_model: string;
  region: string;
  base_url: string;
  api_version: string;
  credential: string;
  weight: string;
  order: string;
  enabled: boolean;
  input_usd_per_million: string;
  cached_input_usd_per_million: string;
  output_usd_per_million: string;
}

export interface ModelDraft {
  alias: string;
  description: string;
  simulated: boolean;
  retries: string;
  timeout_s: string;
  first_token_timeout_s: string;
  idle_timeout_s: string;
  fallbacks: string[];
  deployments: DeploymentDraft[];
}

export function emptyDraft(): ModelDraft {
  return {
    alias: "",
    description: "",
    simulated: false,
    retries: "2",
    timeout_s: "600",
    first_token_timeout_s: "",
    idle_timeout_s: "",
    fallbacks: [],
    deployments: [newDeployment("new-0", 1)],
  };
}

export function newDeployment(key: string, order: number): DeploymentDraft {
  return {
    key,
    name: "",
    vendor: "openai",
    vendor_model: "",
    region: "",
    base_url: "",
    api_version: "",
    credential: "",
    weight: "1",
    order: String(order),
    enabled: true,
    input_usd_per_million: "",
    cached_input_usd_per_million: "",
    output_usd_per_million: "",
  };
}

export function draftOf(model: Model): ModelDraft {
  return {
    alias: model.alias,
    description: model.description,
    simulated: model.simulated,
    retries: String(model.retries),
    timeout_s: String(model.timeout_s),
    first_token_timeout_s: text(model.first_token_timeout_s),
    idle_timeout_s: text(model.idle_timeout_s),
    fallbacks: model.fallbacks,
    deployments: model.deployments.map(deploymentDraftOf),
  };
}

/** What is sent. Empty prices and limits are unknown or none, never zero. */
export function modelOf(draft: ModelDraft): ModelInput {
  return {
    alias: draft.alias.trim(),
    description: draft.description,
    simulated: draft.simulated,
    retries: numberIn(draft.retries) ?? 0,
    timeout_s: numberIn(draft.timeout_s) ?? 0,
    first_token_timeout_s: numberIn(draft.first_token_timeout_s),
    idle_timeout_s: numberIn(draft.idle_timeout_s),
    fallbacks: draft.fallbacks,
    deployments: draft.deployments.map(deploymentOf),
  };
}

/** The share of calls a deployment gets among those of its order, 0 to 1; null when it is off or has no weight. */
export function shareOf(draft: ModelDraft, deployment: DeploymentDraft): number | null {
  const peers = draft.deployments.filter(
    (one) => one.enabled && one.order.trim() === deployment.order.trim(),
  );
  const whole = peers.reduce((sum, one) => sum + (numberIn(one.weight) ?? 0), 0);
  const own = numberIn(deployment.weight) ?? 0;
  return deployment.enabled && whole > 0 ? own / whole : null;
}

/** The lowest order in use: the one that is tried first. */
export function firstOrder(draft: ModelDraft): number {
  return Math.min(...draft.deployments.filter((one) => one.enabled).map((one) => numberIn(one.order) ?? 1));
}

function deploymentDraftOf(deployment: Deployment): DeploymentDraft {
  return {
    key: deployment.name,
    name: deployment.name,
    vendor: deployment.vendor,
    vendor_model: deployment.vendor_model,
    region: deployment.region ?? "",
    base_url: deployment.base_url ?? "",
    api_version: deployment.api_version ?? "",
    credential: deployment.credential ?? "",
    weight: String(deployment.weight),
    order: String(deployment.order),
    enabled: deployment.enabled,
    input_usd_per_million: deployment.input_usd_per_million ?? "",
    cached_input_usd_per_million: deployment.cached_input_usd_per_million ?? "",
    output_usd_per_million: deployment.output_usd_per_million ?? "",
  };
}

function deploymentOf(draft: DeploymentDraft): DeploymentInput {
  return {
    name: draft.name.trim(),
    vendor: draft.vendor,
    vendor_model: draft.vendor_model.trim(),
    region: draft.region.trim(),
    base_url: orNull(draft.base_url),
    api_version: orNull(draft.api_version),
    credential: orNull(draft.credential),
    weight: numberIn(draft.weight) ?? 0,
    order: numberIn(draft.order) ?? 0,
    enabled: draft.enabled,
    input_usd_per_million: orNull(draft.input_usd_per_million),
    cached_input_usd_per_million: orNull(draft.cached_input_usd_per_million),
    output_usd_per_million: orNull(draft.output_usd_per_million),
  };
}

function text(value: number | null): string {
  return value == null ? "" : String(value);
}

function orNull(value: string): string | null {
  return value.trim() || null;
}

function numberIn(value: string): number | null {
  const number = Number(value.trim());
  return value.trim() === "" || !Number.isFinite(number) ? null : number;
}
