// What the list of traces shows, as it stands in the address, and what to ask the server for it. Pure.
import type { TraceFilter } from "../api/traces";
import { amountIn, durationOf, type Filter, type FilterField } from "../design/filter";
import { endsOf, isPreset, type Preset, type Timespan } from "../design/timespan";

export interface TracesSearch {
  q?: string;
  range?: Preset;
  from?: number;
  to?: number;
  /** False when the person stopped the live refresh. */
  live?: boolean;
  /** The trace open in the pane, the span chosen in it, and how it is shown. */
  trace?: string;
  span?: string;
  tab?: string;
}

export const USUAL_RANGE: Preset = "24h";

/** The address as it may have been typed by hand; what makes no sense is left out. */
export function readSearch(raw: Record<string, unknown>): TracesSearch {
  const search: TracesSearch = {};
  if (raw.q !== undefined && raw.q !== "") search.q = String(raw.q);
  if (isPreset(raw.range)) search.range = raw.range;
  const [from, to] = [Number(raw.from), Number(raw.to)];
  if (raw.from !== undefined && from > 0 && to > from) Object.assign(search, { from, to });
  if (raw.live === false) search.live = false;
  if (raw.trace !== undefined) search.trace = String(raw.trace);
  if (raw.span !== undefined) search.span = String(raw.span);
  if (raw.tab !== undefined) search.tab = String(raw.tab);
  return search;
}

export function spanOfTime(search: TracesSearch): Timespan {
  if (search.from !== undefined && search.to !== undefined) return { from: search.from, to: search.to };
  return { range: search.range ?? USUAL_RANGE };
}

export function withSpanOfTime(search: TracesSearch, span: Timespan): TracesSearch {
  const { range: _range, from: _from, to: _to, ...rest } = search;
  if ("range" in span) return span.range === USUAL_RANGE ? rest : { ...rest, range: span.range };
  return { ...rest, from: Math.round(span.from), to: Math.round(span.to) };
}

/** What the server is asked for at `now`. Terms that are wrong are left out; the box shows them as unused. */
export function requestOf(filter: Filter, span: Timespan, now: number): TraceFilter {
  const { from, to } = endsOf(span, now);
  const request: TraceFilter = { from: new Date(from).toISOString() };
  // An open end keeps a call that is written while the request is on its way.
  if (!("range" in span)) request.to = new Date(to).toISOString();
  if (filter.text) request.text = filter.text;
  for (const term of filter.terms) {
    const field: FieldOfTraces | undefined = FIELDS[term.key as FieldName];
    if (field && !term.wrong) Object.assign(request, field.asks(term.value, request));
  }
  return request;
}

type Asked = Partial<Record<keyof TraceFilter, unknown>>;

interface FieldOfTraces {
  kind: FilterField["kind"];
  /** The server takes any of several values. */
  many?: boolean;
  asks: (value: string, request: TraceFilter) => Asked;
}

/** The fields of the filter box, and what each asks the server for. */
export const FIELDS = {
  status: { kind: "value", many: true, asks: (value, { status }) => ({ status: either(status, value) }) },
  model: { kind: "value", many: true, asks: (value, { model }) => ({ model: either(model, value) }) },
  deployment: {
    kind: "value",
    many: true,
    asks: (value, { deployment }) => ({ deployment: either(deployment, value) }),
  },
  user: { kind: "value", asks: (user) => ({ user }) },
  session: { kind: "value", asks: (session) => ({ session }) },
  env: {
    kind: "value",
    many: true,
    asks: (value, { environment }) => ({ environment: either(environment, value) }),
  },
  kind: { kind: "value", many: true, asks: (value, { kind }) => ({ kind: either(kind, value) }) },
  error: {
    kind: "value",
    many: true,
    asks: (value, { error_type }) => ({ error_type: either(error_type, value) }),
  },
  latency: { kind: "duration", asks: (value) => ({ min_duration_ms: durationOf(value) ?? undefined }) },
  cost: { kind: "money", asks: (value) => ({ min_cost_usd: amountIn(value) ?? undefined }) },
} as const satisfies Record<string, FieldOfTraces>;

export type FieldName = keyof typeof FIELDS;

function either(values: readonly string[] | null | undefined, value: string): string[] {
  return [...(values ?? []), value];
}
