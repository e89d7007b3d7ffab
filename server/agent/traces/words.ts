/** Names and limits of traces and the service map, for schemas and pages. */

export const MAP_RANGES = ["15m", "1h", "6h", "24h"] as const;

/** of one answer */
export const MOST_SPANS = 5_000;
/** characters */
export const LONGEST_OPERATION = 300;
export const LONGEST_VERSION = 100;
