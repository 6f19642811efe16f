// What the picture of a route shows: columns of deployments in the sequence in which calls go through them,
// now or after one class of failure. Pure.
import type { Deployment, Explanation, FailureClass, Model, Vendor } from "../api/shapes";

export type Moment = "now" | FailureClass;

export interface Card {
  id: string;
  deployment: string;
  alias: string;
  vendor: Vendor;
  vendorModel: string;
  region: string;
  weight: number;
  /** Of all weights of its order; 0 where its weight decides nothing. */
  ofWeight: number;
  /** Of calls that try it first, 0 to 1; null while unknown. */
  share: number | null;
  state: "healthy" | "cooling" | "trial" | "off" | "unfit";
  restsS: number;
  /** Why it cannot serve such a call. */
  unfit: string;
  /** Its turn after the failure, from 1; null when it is not asked. */
  turn: number | null;
  /** It is the one that failed. */
  failed: boolean;
}

export interface Column {
  id: string;
  /** The fallback model it belongs to; null for the model's own. */
  fallback: string | null;
  /** The first column is tried first, the others only when those before fail. */
  order: number | null;
  cards: Card[];
}

export interface Picture {
  columns: Column[];
  /** How many are asked after the failure. */
  asked: number;
}

/** `explained` null draws what is configured, without shares. */
export function pictureOf(
  model: Model,
  others: Model[],
  explained: Explanation | null,
  moment: Moment,
): Picture {
  const own = orderedColumns(model, explained);
  if (model.routing.strategy === "weighted") shareByWeight(own);
  const known = new Map(others.map((one) => [one.alias, one]));
  const behind = fallbacksOf(model, known, moment).map((alias) => {
    const other = known.get(alias);
    return {
      id: `model ${alias}`,
      fallback: alias,
      order: null,
      cards: (other?.deployments ?? [])
        .filter((one) => one.enabled)
        .toSorted((one, two) => one.order - two.order)
        .map((one) => cardOf(one, other as Model, explained)),
    };
  });
  const columns = [...own, ...behind];
  if (moment === "now" || !explained) return { columns, asked: 0 };
  return afterFailure(columns, explained, moment);
}

/** Who is tried first at all is known by drawing; where chance decides by weight, how often is known exactly. */
function shareByWeight(columns: Column[]): void {
  const first = columns.flatMap((column) => column.cards).filter((card) => (card.share ?? 0) > 0);
  const whole = first.reduce((sum, card) => sum + card.weight, 0);
  if (whole > 0) for (const card of first) card.share = card.weight / whole;
}

/** The aliases behind the model, each before its own fallbacks, once. */
function fallbacksOf(model: Model, known: Map<string, Model>, moment: Moment): string[] {
  const found: string[] = [];
  const listOf = (one: Model) =>
    (moment === "now" ? undefined : one.routing.fallbacks_after[moment]) ?? one.fallbacks;
  const add = (alias: string) => {
    if (found.includes(alias) || alias === model.alias) return;
    found.push(alias);
    const next = known.get(alias);
    if (next) for (const further of listOf(next)) add(further);
  };
  for (const alias of listOf(model)) add(alias);
  return found;
}

function orderedColumns(model: Model, explained: Explanation | null): Column[] {
  const orders = [...new Set(model.deployments.map((one) => one.order))].toSorted((one, two) => one - two);
  return orders.map((order) => ({
    id: `order ${order}`,
    fallback: null,
    order,
    cards: model.deployments.filter((one) => one.order === order).map((one) => cardOf(one, model, explained)),
  }));
}

function cardOf(one: Deployment, model: Model, explained: Explanation | null): Card {
  const { alias, deployments, routing } = model;
  const step = explained?.steps.find((each) => each.deployment === one.name && each.model === alias);
  const skipped = explained?.skipped.find((each) => each.deployment === one.name && each.model === alias);
  const peers = deployments.filter((each) => each.enabled && each.order === one.order);
  // The other strategies look at the weight only to tell a standby.
  const isWeighed = one.weight === 0 || routing.strategy === "weighted" || routing.strategy === "least_busy";
  return {
    id: `${alias} ${one.name}`,
    deployment: one.name,
    alias,
    vendor: one.vendor,
    vendorModel: one.vendor_model,
    region: one.region,
    weight: one.weight,
    ofWeight: peers.length > 1 && isWeighed ? peers.reduce((sum, each) => sum + each.weight, 0) : 0,
    share: one.enabled ? (step?.share ?? (explained ? 0 : null)) : 0,
    state: stateOf(one, step?.state, skipped !== undefined),
    restsS: step?.rests_s ?? 0,
    unfit: skipped?.why ?? "",
    turn: null,
    failed: false,
  };
}

function stateOf(one: Deployment, state: Card["state"] | undefined, isSkipped: boolean): Card["state"] {
  if (!one.enabled) return "off";
  if (isSkipped) return "unfit";
  return state ?? one.health?.state ?? "healthy";
}

function afterFailure(columns: Column[], explained: Explanation, moment: FailureClass): Picture {
  const [first] = explained.steps;
  const names = explained.next_after.find((each) => each.after === moment)?.deployments ?? [];
  const failedId = first && `${first.model} ${first.deployment}`;
  // The explanation tells names only; of two cards with one name the first that is left is meant.
  const free = columns.flatMap((column) => column.cards).filter((card) => card.id !== failedId);
  const turns = new Map<string, number>();
  names.forEach((name, at) => {
    const card = free.find((one) => one.deployment === name && !turns.has(one.id) && one.state !== "off");
    if (card) turns.set(card.id, at + 1);
  });
  const told = columns.map((column) => ({
    ...column,
    cards: column.cards.map((card) => ({
      ...card,
      turn: turns.get(card.id) ?? null,
      failed: card.id === failedId,
    })),
  }));
  return { columns: told, asked: names.length };
}
