import type { TimeRange } from "../time-range/range.ts";

/** How far back the list of changes looks, and how that is said. */
const RANGES = ["15m", "1h", "6h", "24h"] as const;
export type Range = (typeof RANGES)[number];

const MINUTES: Record<Range, number> = { "15m": 15, "1h": 60, "6h": 360, "24h": 1_440 };

export const RANGE_WORDS: Record<Range, string> = {
  "15m": "last 15 min",
  "1h": "last hour",
  "6h": "last 6 h",
  "24h": "last 24 h",
};

/** The shortest that covers a page's window when that ends now; the longest for one that ended before. */
export function coveringRange({ to: end }: TimeRange, { from, to }: { from: Date; to: Date }): Range {
  if (end.kind === "at" || end.ms > 0) return "24h";
  return RANGES.find((range) => to.getTime() - from.getTime() <= MINUTES[range] * 60_000) ?? "24h";
}

/** What `?range=1h` of an older link is now; null for anything else. */
export const movedRange = (text: string | null): { from: string; to: string } | null =>
  RANGES.some((range) => range === text) ? { from: `now-${text}`, to: "now" } : null;
