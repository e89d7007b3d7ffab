import type { INGEST_RANGES as Ranges } from "#server/agent/ingest/schema.ts";

/** The schema's own, without zod in the page; a test holds them equal. */
export const INGEST_RANGES: typeof Ranges = ["15m", "1h", "6h", "24h"];
export const DEFAULT_RANGE = "1h";

/** The range a URL names; the default for anything else. */
export const ingestRangeOf = (text: string | null): (typeof INGEST_RANGES)[number] =>
  INGEST_RANGES.find((range) => range === text) ?? DEFAULT_RANGE;
