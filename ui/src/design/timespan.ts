// The span of time a page looks at: a preset that moves with the clock, or two fixed ends. Pure.

export const PRESETS = ["15m", "1h", "6h", "24h", "7d", "30d"] as const;
export type Preset = (typeof PRESETS)[number];

export type Timespan = { range: Preset } | { from: number; to: number };

const SIZES: Record<Preset, number> = {
  "15m": 900_000,
  "1h": 3_600_000,
  "6h": 21_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
  "30d": 2_592_000_000,
};

export function isPreset(value: unknown): value is Preset {
  return PRESETS.includes(value as Preset);
}

/** Both ends in milliseconds since the epoch. */
export function endsOf(span: Timespan, now: number): { from: number; to: number } {
  return "range" in span ? { from: now - SIZES[span.range], to: now } : span;
}

/** The span moved by half its length; one that would end after now becomes the part up to now. */
export function panned(span: Timespan, direction: -1 | 1, now: number): Timespan {
  const { from, to } = endsOf(span, now);
  const length = to - from;
  const end = to + (direction * length) / 2;
  if (end < now) return { from: end - length, to: end };
  const preset = PRESETS.find((name) => SIZES[name] === length);
  return preset ? { range: preset } : { from: now - length, to: now };
}

/** How many milliseconds the span covers. */
export function lengthOf(span: Timespan): number {
  return "range" in span ? SIZES[span.range] : span.to - span.from;
}
