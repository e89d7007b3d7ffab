/** Names of what arrives, for schemas and pages. */

export const INGEST_RANGES = ["15m", "1h", "6h", "24h"] as const;
export const SIGNALS = ["logs", "metrics", "traces"] as const;
