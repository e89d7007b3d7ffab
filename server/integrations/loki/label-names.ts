/** Who a stream belongs to, under the names that senders give: chosen from the labels that Loki has. */

/** The likeliest first: Loki 3 sets service_name itself; promtail, Grafana's agents and Kubernetes have the others. */
const CANDIDATES = {
  service: ["service_name", "service", "app", "job"],
  environment: ["environment", "env", "deployment_environment_name", "deployment_environment", "namespace"],
  version: ["version", "service_version"],
  instance: ["instance", "service_instance_id", "pod", "host", "filename"],
} as const;

export const ORIGINS = ["service", "environment", "version", "instance"] as const;
export type OriginLabel = (typeof ORIGINS)[number];

/** What streams and structured metadata call the level; detected_level is what Loki 3 finds by itself. */
export const LEVEL_LABELS = ["detected_level", "level", "severity", "severity_text", "lvl"] as const;
export const TRACE_LABELS = ["trace_id", "traceId", "traceID", "traceid"] as const;
export const SPAN_LABELS = ["span_id", "spanId", "spanID", "spanid"] as const;

export interface LabelNames extends Record<OriginLabel, string> {
  /** all labels of streams: what a stream selector may name */
  stream: ReadonlySet<string>;
}

/** The names in use; where none of the usual ones is, the first, which structured metadata may still have. */
export function chooseLabels(known: readonly string[]): LabelNames {
  const stream = new Set(known);
  const choose = (origin: OriginLabel): string =>
    CANDIDATES[origin].find((name) => stream.has(name)) ?? CANDIDATES[origin][0];
  return {
    service: choose("service"),
    environment: choose("environment"),
    version: choose("version"),
    instance: choose("instance"),
    stream,
  };
}
