// What the page of a model looks at, as it stands in the address: which failure, and which kind of call. Pure.
import type { ExplainInput, FailureClass, Feature } from "../api/shapes";
import { FEATURES } from "./deploymentDraft";
import { FAILURE_CLASSES } from "./draft";

export interface RouteView {
  after?: FailureClass;
  stream?: boolean;
  /** Features that the call needs, with commas between. */
  needs?: string;
  tokens?: number;
  session?: string;
}

export function readRouteView(raw: Record<string, unknown>): RouteView {
  const needs = featuresIn(String(raw.needs ?? ""));
  const tokens = Number(raw.tokens ?? 0);
  return {
    ...(FAILURE_CLASSES.includes(raw.after as FailureClass) ? { after: raw.after as FailureClass } : {}),
    ...(raw.stream ? { stream: true } : {}),
    ...(needs.length > 0 ? { needs: needs.join(",") } : {}),
    ...(Number.isInteger(tokens) && tokens > 0 ? { tokens } : {}),
    ...(raw.session ? { session: String(raw.session) } : {}),
  };
}

export function featuresIn(line: string | undefined): Feature[] {
  const names = (line ?? "").split(",");
  return FEATURES.filter((feature) => names.includes(feature));
}

export function callOf(alias: string, view: RouteView): ExplainInput {
  return {
    model: alias,
    operation: "chat",
    stream: view.stream ?? false,
    features: featuresIn(view.needs),
    prompt_tokens: view.tokens ?? 0,
    session_id: view.session ?? "",
    user_id: "",
    routing: {},
  };
}
