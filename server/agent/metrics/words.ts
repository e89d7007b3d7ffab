/** Names and limits of metrics, for schemas and pages. */

export const FILTER_OPS = ["=", "!=", "=~", "!~"] as const;
export const SIGNALS = [
  "requestRate",
  "errorPercent",
  "latencyP50Ms",
  "latencyP95Ms",
  "latencyP99Ms",
  "cpuPercent",
  "memoryBytes",
  "saturation",
] as const;

/** of one query */
export const MOST_FILTERS = 20;
export const MOST_GROUPS = 5;
/** characters: of a metric or label, and of what is searched for among them */
export const LONGEST_NAME = 200;
export const LONGEST_VALUE = 400;
export const LONGEST_PROMQL = 4_000;
