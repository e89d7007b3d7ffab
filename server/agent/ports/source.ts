/** Who answered, for every read of telemetry. */

/** APIs of external sources that there are adapters for. */
export const LOGS_APIS = ["loki"] as const;
export const TRACES_APIS = ["jaeger", "tempo"] as const;

export const SOURCE_KINDS = ["built-in", "balancer", "prometheus", ...LOGS_APIS, ...TRACES_APIS] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

export interface SourceInfo {
  kind: SourceKind;
  /** the address of an external source without credentials; null for what Operate stores itself */
  address: string | null;
}

/** An answer with its age: `stale` when the source cannot be reached and this is what it said last. */
export interface Answer<T> {
  data: T;
  source: SourceInfo;
  /** ISO 8601: when the source said so */
  asOf: string;
  stale: boolean;
}

export interface TimeWindow {
  from: Date;
  /** exclusive */
  to: Date;
}
