// Models as the server tells them, for the tests of this folder.
import type { Deployment, Model } from "../api/shapes";

export function plainDeployment(change: Partial<Deployment> & { name: string }): Deployment {
  return {
    vendor: "openai",
    vendor_model: "gpt-4o",
    region: "",
    base_url: null,
    api_version: null,
    credential: "c",
    weight: 1,
    order: 1,
    enabled: true,
    input_usd_per_million: "2.5",
    cached_input_usd_per_million: null,
    output_usd_per_million: "10",
    context_window: 128000,
    max_output_tokens: null,
    supports: ["tools"],
    base_model: null,
    health: { state: "healthy", until: null, reason: "", in_flight: 0 },
    ...change,
  };
}

export function plainModel(
  alias: string,
  deployments: (Partial<Deployment> & { name: string })[],
  change: Partial<Model> = {},
): Model {
  return {
    alias,
    description: "",
    simulated: true,
    retries: 2,
    timeout_s: 60,
    connect_timeout_s: null,
    first_token_timeout_s: 8,
    answer_timeout_s: null,
    idle_timeout_s: 20,
    cache_ttl_s: 300,
    fallbacks: [],
    routing: {
      strategy: "latency",
      prefer_regions: ["koreacentral"],
      sticky_by: "session",
      fallbacks_after: {},
      hedge_after_s: 2,
      hedges_at_p95: false,
      on_cut: "continue",
    },
    deployments: deployments.map(plainDeployment),
    ...change,
  };
}
