// How numbers are written: short to read, exact on demand, and never a made-up zero.
// The dash stands for "unknown"; whoever shows it says why.

export const UNKNOWN = "–";

/** "340 ms", "1.2 s", "2 min 5 s", "1 h 3 min". */
export function formatDuration(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return UNKNOWN;
  if (ms < 1) return ms === 0 ? "0 ms" : "<1 ms";
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 59_500) return `${Math.round(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return joined(Math.floor(seconds / 60), "min", seconds % 60, "s");
  return joined(Math.floor(seconds / 3600), "h", Math.floor((seconds % 3600) / 60), "min");
}

/** "1,234.567 ms": every digit we have. */
export function exactDuration(ms: number | null | undefined): string {
  return ms == null ? UNKNOWN : `${exactNumber(Math.round(ms * 1000) / 1000)} ms`;
}

/** "940", "12.4k", "3.1M". */
export function formatCount(count: number | null | undefined): string {
  if (count == null || !Number.isFinite(count)) return UNKNOWN;
  if (count < 1000) return String(count);
  if (count < 999_950) return `${trimmed(count / 1000)}k`;
  if (count < 999_950_000) return `${trimmed(count / 1e6)}M`;
  return `${trimmed(count / 1e9)}B`;
}

export function exactNumber(count: number | null | undefined): string {
  return count == null ? UNKNOWN : count.toLocaleString("en-US", { maximumFractionDigits: 6 });
}

/** "$1,234.50", "$0.31", "$0.0031", "$0.0000042": at least two digits that are not zero, whatever the size. */
export function formatMoney(usd: string | number | null | undefined): string {
  const amount = amountOf(usd);
  if (amount == null) return UNKNOWN;
  if (amount === 0) return "$0";
  const size = Math.abs(amount);
  if (size >= 100_000) return `$${formatCount(Math.round(amount))}`;
  if (size >= 1)
    return `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  const places = Math.max(2, 1 - Math.floor(Math.log10(size)));
  return `$${amount.toFixed(Math.min(places, 12)).replace(/(\.\d\d+?)0+$/, "$1")}`;
}

/** The amount as the server gave it, digit for digit. */
export function exactMoney(usd: string | number | null | undefined): string {
  return amountOf(usd) == null ? UNKNOWN : `$${usd}`;
}

/** "4.2%", "0.03%", "100%"; nothing out of nothing is unknown, not 0%. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return UNKNOWN;
  const share = (part / whole) * 100;
  if (share === 0 || share === 100) return `${share}%`;
  if (share < 0.01) return "<0.01%";
  return `${share < 1 ? share.toFixed(2) : share.toFixed(1)}%`;
}

/** "812 B", "12 kB", "3.4 MB". */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1000)} kB`;
  return `${trimmed(bytes / 1e6)} MB`;
}

function amountOf(usd: string | number | null | undefined): number | null {
  if (usd == null || usd === "") return null;
  const amount = Number(usd);
  return Number.isFinite(amount) ? amount : null;
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small ? `${big} ${bigUnit} ${small} ${smallUnit}` : `${big} ${bigUnit}`;
}

function trimmed(value: number): string {
  return value >= 99.95 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, "");
}
