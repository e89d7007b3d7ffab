/** How far back a service page looks, and how that is said. */
export const RANGES = ["15m", "1h", "6h", "24h"] as const;
export type Range = (typeof RANGES)[number];
export const DEFAULT_RANGE: Range = "1h";

export const RANGE_WORDS: Record<Range, string> = {
  "15m": "last 15 min",
  "1h": "last hour",
  "6h": "last 6 h",
  "24h": "last 24 h",
};

/** The range a URL names; the default for anything else. */
export const rangeOf = (text: string | null): Range => RANGES.find((range) => range === text) ?? DEFAULT_RANGE;
