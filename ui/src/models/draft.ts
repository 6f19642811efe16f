// A model while it is being edited: every number as the text in its field, so that nothing typed is lost. Pure.
import type { FailureClass, Model, ModelInput, Routing, Strategy } from "../api/shapes";
import { type DeploymentDraft, deploymentDraftOf, deploymentOf, newDeployment } from "./deploymentDraft";
import { numberIn, textOf } from "./numberText";

/** When a second request starts: never, when 95 of 100 would have answered, or after so many seconds. */
export type Hedging = "off" | "p95" | "after";

export interface ModelDraft {
  alias: string;
  description: string;
  simulated: boolean;
  retries: string;
  timeout_s: string;
  connect_timeout_s: string;
  first_token_timeout_s: string;
  answer_timeout_s: string;
  idle_timeout_s: string;
  cache_ttl_s: string;
  fallbacks: string[];
  strategy: Strategy;
  prefer_regions: string[];
  sticky_by: Routing["sticky_by"];
  /** A class that is missing goes on with `fallbacks`; an empty list goes nowhere. */
  fallbacks_after: Partial<Record<FailureClass, string[]>>;
  hedging: Hedging;
  hedge_after_s: string;
  on_cut: Routing["on_cut"];
  deployments: DeploymentDraft[];
}

export const TIME_LIMITS = [
  "timeout_s",
  "connect_timeout_s",
  "first_token_timeout_s",
  "answer_timeout_s",
  "idle_timeout_s",
] as const;

export const FAILURE_CLASSES: FailureClass[] = [
  "outage",
  "throttled",
  "timeout",
  "context_overflow",
  "policy_block",
  "misconfigured",
];

export function emptyDraft(): ModelDraft {
  return {
    alias: "",
    description: "",
    simulated: false,
    retries: "2",
    timeout_s: "600",
    connect_timeout_s: "",
    first_token_timeout_s: "",
    answer_timeout_s: "",
    idle_timeout_s: "",
    cache_ttl_s: "",
    fallbacks: [],
    strategy: "weighted",
    prefer_regions: [],
    sticky_by: "none",
    fallbacks_after: {},
    hedging: "off",
    hedge_after_s: "",
    on_cut: "error",
    deployments: [newDeployment("new-0", 1)],
  };
}

export function draftOf(model: Model): ModelDraft {
  const { routing } = model;
  return {
    alias: model.alias,
    description: model.description,
    simulated: model.simulated,
    retries: String(model.retries),
    timeout_s: String(model.timeout_s),
    connect_timeout_s: textOf(model.connect_timeout_s),
    first_token_timeout_s: textOf(model.first_token_timeout_s),
    answer_timeout_s: textOf(model.answer_timeout_s),
    idle_timeout_s: textOf(model.idle_timeout_s),
    cache_ttl_s: textOf(model.cache_ttl_s),
    fallbacks: model.fallbacks,
    strategy: routing.strategy,
    prefer_regions: routing.prefer_regions,
    sticky_by: routing.sticky_by,
    fallbacks_after: routing.fallbacks_after,
    hedging: routing.hedges_at_p95 ? "p95" : routing.hedge_after_s == null ? "off" : "after",
    hedge_after_s: textOf(routing.hedge_after_s),
    on_cut: routing.on_cut,
    deployments: model.deployments.map(deploymentDraftOf),
  };
}

/** What is sent. Empty prices, sizes and limits are unknown or none, never zero. */
export function modelOf(draft: ModelDraft): ModelInput {
  return {
    alias: draft.alias.trim(),
    description: draft.description,
    simulated: draft.simulated,
    retries: numberIn(draft.retries) ?? 0,
    timeout_s: numberIn(draft.timeout_s) ?? 0,
    connect_timeout_s: numberIn(draft.connect_timeout_s),
    first_token_timeout_s: numberIn(draft.first_token_timeout_s),
    answer_timeout_s: numberIn(draft.answer_timeout_s),
    idle_timeout_s: numberIn(draft.idle_timeout_s),
    cache_ttl_s: numberIn(draft.cache_ttl_s),
    fallbacks: draft.fallbacks,
    routing: {
      strategy: draft.strategy,
      prefer_regions: draft.prefer_regions,
      sticky_by: draft.sticky_by,
      fallbacks_after: draft.fallbacks_after as Record<string, string[]>,
      // Zero is refused with words at its field, where an empty field would silently be "off".
      hedge_after_s: draft.hedging === "after" ? (numberIn(draft.hedge_after_s) ?? 0) : null,
      hedges_at_p95: draft.hedging === "p95",
      on_cut: draft.on_cut,
    },
    deployments: draft.deployments.map(deploymentOf),
  };
}

/** The share of calls a deployment gets among those of its order, 0 to 1; null when it is off or has no weight. */
export function shareOf(draft: ModelDraft, deployment: DeploymentDraft): number | null {
  const peers = draft.deployments.filter(
    (one) => one.enabled && one.order.trim() === deployment.order.trim(),
  );
  const whole = peers.reduce((sum, one) => sum + weightOf(one), 0);
  const own = weightOf(deployment);
  return deployment.enabled && whole > 0 ? own / whole : null;
}

/** The lowest order in use: the one that is tried first. */
export function firstOrder(draft: ModelDraft): number {
  return Math.min(...draft.deployments.filter((one) => one.enabled).map((one) => numberIn(one.order) ?? 1));
}

function weightOf(deployment: DeploymentDraft): number {
  return Math.max(numberIn(deployment.weight) ?? 0, 0);
}
