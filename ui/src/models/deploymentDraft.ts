// A deployment while it is being edited, and what each vendor needs to be told. Pure.
import type { Deployment, DeploymentInput, Feature, Vendor } from "../api/shapes";
import { numberIn, textOf } from "./numberText";

export interface DeploymentDraft {
  /** For React's lists only. */
  key: string;
  name: string;
  vendor: Vendor;
  vendor_model: string;
  base_model: string;
  region: string;
  base_url: string;
  api_version: string;
  credential: string;
  weight: string;
  order: string;
  enabled: boolean;
  context_window: string;
  max_output_tokens: string;
  /** Null where unknown: then nothing is held against it. */
  supports: Feature[] | null;
  input_usd_per_million: string;
  cached_input_usd_per_million: string;
  output_usd_per_million: string;
}

/** In the sequence in which they are offered; `fake` is for trying out. */
export const VENDORS: Vendor[] = [
  "openai",
  "azure",
  "anthropic",
  "gemini",
  "vertex",
  "bedrock",
  "litellm",
  "fake",
];

export const FEATURES: Feature[] = ["vision", "audio", "documents", "tools", "structured_output"];

interface VendorNeeds {
  /** Without it no call can be made. */
  region: boolean;
  apiVersion: boolean;
  /** The name of the model may say nothing about what it is. */
  baseModel: boolean;
  /** An example of what this vendor calls a model. */
  model: string;
  regionExample: string;
}

export const NEEDS: Record<Vendor, VendorNeeds> = {
  openai: needs("gpt-4o"),
  azure: { ...needs("gpt-4o-prod", "koreacentral"), apiVersion: true, baseModel: true },
  anthropic: needs("claude-sonnet-4-5"),
  gemini: needs("gemini-2.5-flash"),
  vertex: { ...needs("gemini-2.5-flash", "us-central1"), region: true },
  bedrock: { ...needs("anthropic.claude-3-5-sonnet-20241022-v2:0", "us-east-1"), region: true },
  litellm: needs("mistral/mistral-large-latest"),
  fake: needs("fake"),
};

export function newDeployment(key: string, order: number): DeploymentDraft {
  return {
    key,
    name: "",
    vendor: "openai",
    vendor_model: "",
    base_model: "",
    region: "",
    base_url: "",
    api_version: "",
    credential: "",
    weight: "1",
    order: String(order),
    enabled: true,
    context_window: "",
    max_output_tokens: "",
    supports: null,
    input_usd_per_million: "",
    cached_input_usd_per_million: "",
    output_usd_per_million: "",
  };
}

/** The change of choosing another vendor: what belonged to the old one alone goes with it. */
export function toVendor(vendor: Vendor): Partial<DeploymentDraft> {
  return { vendor, credential: "", ...(NEEDS[vendor].apiVersion ? {} : { api_version: "" }) };
}

export function deploymentDraftOf(deployment: Deployment): DeploymentDraft {
  return {
    key: deployment.name,
    name: deployment.name,
    vendor: deployment.vendor,
    vendor_model: deployment.vendor_model,
    base_model: deployment.base_model ?? "",
    region: deployment.region,
    base_url: deployment.base_url ?? "",
    api_version: deployment.api_version ?? "",
    credential: deployment.credential ?? "",
    weight: String(deployment.weight),
    order: String(deployment.order),
    enabled: deployment.enabled,
    context_window: textOf(deployment.context_window),
    max_output_tokens: textOf(deployment.max_output_tokens),
    supports: deployment.supports,
    input_usd_per_million: deployment.input_usd_per_million ?? "",
    cached_input_usd_per_million: deployment.cached_input_usd_per_million ?? "",
    output_usd_per_million: deployment.output_usd_per_million ?? "",
  };
}

export function deploymentOf(draft: DeploymentDraft): DeploymentInput {
  return {
    name: draft.name.trim(),
    vendor: draft.vendor,
    vendor_model: draft.vendor_model.trim(),
    base_model: orNull(draft.base_model),
    region: draft.region.trim(),
    base_url: orNull(draft.base_url),
    api_version: orNull(draft.api_version),
    credential: orNull(draft.credential),
    weight: numberIn(draft.weight) ?? 0,
    order: numberIn(draft.order) ?? 0,
    enabled: draft.enabled,
    context_window: numberIn(draft.context_window),
    max_output_tokens: numberIn(draft.max_output_tokens),
    supports: draft.supports,
    input_usd_per_million: orNull(draft.input_usd_per_million),
    cached_input_usd_per_million: orNull(draft.cached_input_usd_per_million),
    output_usd_per_million: orNull(draft.output_usd_per_million),
  };
}

function needs(model: string, regionExample = ""): VendorNeeds {
  return { region: false, apiVersion: false, baseModel: false, model, regionExample };
}

function orNull(value: string): string | null {
  return value.trim() || null;
}
