import { INGEST_RANGES } from "#server/agent/ingest/words.ts";

export const DEFAULT_RANGE = "1h";

/** The range a URL names; the default for anything else. */
export const ingestRangeOf = (text: string | null): (typeof INGEST_RANGES)[number] =>
  INGEST_RANGES.find((range) => range === text) ?? DEFAULT_RANGE;
