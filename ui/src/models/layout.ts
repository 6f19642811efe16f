// Where the parts of a route's picture stand, in pixels, and the lines between them. Pure.
import type { Card, Picture } from "./picture";

export const CARD = { width: 194, height: 76 };
const GAP = { across: 52, down: 12 };
const CALLER = 78;
const HEAD = 30;
const THICKEST = 40;
const EDGE = 4;

export interface Place {
  x: number;
  y: number;
}

export interface Line {
  id: string;
  path: string;
  width: number;
  kind: "share" | "then";
}

export interface Layout {
  width: number;
  height: number;
  caller: Place & { width: number; height: number };
  heads: (Place & { id: string })[];
  cards: Record<string, Place>;
  lines: Line[];
}

export function layoutOf(picture: Picture): Layout {
  const most = Math.max(1, ...picture.columns.map((column) => column.cards.length));
  const inner = most * CARD.height + (most - 1) * GAP.down;
  const cards: Record<string, Place> = {};
  const heads: Layout["heads"] = [];
  picture.columns.forEach((column, at) => {
    const x = EDGE + CALLER + GAP.across + at * (CARD.width + GAP.across);
    const high = column.cards.length * CARD.height + (column.cards.length - 1) * GAP.down;
    heads.push({ id: column.id, x, y: 0 });
    column.cards.forEach((card, place) => {
      cards[card.id] = { x, y: HEAD + (inner - high) / 2 + place * (CARD.height + GAP.down) };
    });
  });
  const caller = { x: EDGE, y: HEAD + inner / 2 - 32, width: CALLER, height: 64 };
  const all = picture.columns.flatMap((column) => column.cards);
  return {
    width: 2 * EDGE + CALLER + picture.columns.length * (CARD.width + GAP.across),
    height: HEAD + inner + EDGE,
    caller,
    heads,
    cards,
    lines: [...sharesOf(all, cards, caller), ...turnsOf(all, cards)],
  };
}

/** Bands from the caller, as thick as the share of calls. */
function sharesOf(all: Card[], places: Record<string, Place>, caller: Layout["caller"]): Line[] {
  const tried = all.filter((card) => (card.share ?? 0) > 0);
  const widths = tried.map((card) => Math.max(2, (card.share ?? 0) * THICKEST));
  const total = widths.reduce((sum, width) => sum + width, 0);
  let top = caller.y + caller.height / 2 - total / 2;
  return tried.map((card, at) => {
    const place = places[card.id] as Place;
    const width = widths[at] as number;
    const from = { x: caller.x + caller.width, y: top + width / 2 };
    top += width;
    return {
      id: `share ${card.id}`,
      kind: "share",
      width,
      path: curve(from, { x: place.x, y: place.y + CARD.height / 2 }),
    };
  });
}

/** From the one that failed to who is asked next, and on from there. */
function turnsOf(all: Card[], places: Record<string, Place>): Line[] {
  const failed = all.find((card) => card.failed);
  const asked = all.filter((card) => card.turn !== null);
  asked.sort((one, two) => (one.turn ?? 0) - (two.turn ?? 0));
  const way = failed ? [failed, ...asked] : [];
  return way.slice(1).map((card, at) => {
    const before = places[(way[at] as Card).id] as Place;
    return {
      id: `then ${card.id}`,
      kind: "then",
      width: 2,
      path: link(before, places[card.id] as Place),
    };
  });
}

function link(from: Place, to: Place): string {
  const middle = CARD.height / 2;
  // Leaves above the middle and comes in below it, so that the two are told apart.
  const start = { x: from.x + CARD.width, y: from.y + middle - 12 };
  if (to.x > from.x) return curve(start, { x: to.x - 6, y: to.y + middle });
  // Within a column, or back: out to the right and in again.
  const end = { x: to.x + CARD.width + 6, y: to.y + middle + 12 };
  const out = Math.max(start.x, end.x) + 30;
  return `M${start.x},${start.y} C${out},${start.y} ${out},${end.y} ${end.x},${end.y}`;
}

function curve(from: Place, to: Place): string {
  const half = (to.x - from.x) / 2;
  return `M${from.x},${from.y} C${from.x + half},${from.y} ${to.x - half},${to.y} ${to.x},${to.y}`;
}
