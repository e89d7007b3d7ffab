/** Names of what can be asked of metrics: light enough for every page. */

export const METRIC_KINDS = ["gauge", "counter", "delta", "histogram", "unknown"] as const;
export type MetricKind = (typeof METRIC_KINDS)[number];

export const METRIC_FUNCTION_NAMES = [
  "rate",
  "increase",
  "avg",
  "min",
  "max",
  "sum",
  "last",
  "quantile",
  "count",
] as const;
export type MetricFunctionName = (typeof METRIC_FUNCTION_NAMES)[number];

/**
 * The functions that mean something of a kind, the usual one first. Of a histogram, rate, increase and count are those of
 * its observations, sum is what their values add up to, and avg their mean; all others are of the samples.
 */
export const FUNCTIONS_OF: Record<MetricKind, readonly MetricFunctionName[]> = {
  counter: ["rate", "increase", "last", "min", "max", "avg", "sum", "count"],
  delta: ["rate", "increase", "last", "min", "max", "avg", "sum", "count"],
  histogram: ["quantile", "rate", "increase", "avg", "sum", "count"],
  gauge: ["avg", "min", "max", "sum", "last", "count"],
  unknown: ["avg", "rate", "increase", "min", "max", "sum", "last", "quantile", "count"],
};
