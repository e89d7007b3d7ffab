import { MAP_RANGES } from "#server/agent/traces/words.ts";

export const DEFAULT_MAP_RANGE = "15m";

export const MAP_RANGE_WORDS: Record<(typeof MAP_RANGES)[number], string> = {
  "15m": "last 15 min",
  "1h": "last hour",
  "6h": "last 6 h",
  "24h": "last 24 h",
};

/** The range a URL names; the default for anything else. */
export const mapRangeOf = (text: string | null): (typeof MAP_RANGES)[number] =>
  MAP_RANGES.find((range) => range === text) ?? DEFAULT_MAP_RANGE;
