// How moments are written: relative to now for reading, exact in the viewer's zone on hover.

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** "5 min. ago", "3분 전"; within ten seconds of now it is "now". */
export function relativeTime(at: Date, now: Date, language: string): string {
  const seconds = (at.getTime() - now.getTime()) / 1000;
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const step = STEPS.find(([, size]) => Math.abs(seconds) >= size);
  if (step) return words.format(Math.trunc(seconds / step[1]), step[0]);
  return Math.abs(seconds) < 10 ? words.format(0, "second") : words.format(Math.trunc(seconds), "second");
}

/** "2026-11-22 19:04:31.207 GMT+9": sortable, to the millisecond, with the zone. */
export function exactTime(at: Date): string {
  const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" })
    .formatToParts(at)
    .find((part) => part.type === "timeZoneName")?.value;
  return `${dayOf(at)} ${clockOf(at)}.${String(at.getMilliseconds()).padStart(3, "0")} ${zone ?? ""}`.trim();
}

/** "19:04:31" today, "11-21 19:04:31" this year, "2025-11-21 19:04:31" before. */
export function shortTime(at: Date, now: Date): string {
  if (dayOf(at) === dayOf(now)) return clockOf(at);
  const day = at.getFullYear() === now.getFullYear() ? dayOf(at).slice(5) : dayOf(at);
  return `${day} ${clockOf(at)}`;
}

/** The value an `<input type="datetime-local">` wants, in the viewer's zone, to the minute. */
export function localInput(at: Date): string {
  return `${dayOf(at)}T${clockOf(at).slice(0, 5)}`;
}

function dayOf(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function clockOf(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
