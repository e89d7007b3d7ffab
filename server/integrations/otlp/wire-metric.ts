import type { Attributes } from "../../agent/ports/telemetry.ts";

/** Metrics of opentelemetry/proto/metrics/v1/metrics.proto, whichever way they were written; exemplars are not kept. */

export type MetricType = "gauge" | "sum" | "histogram" | "exponential-histogram" | "summary";

export const UNSPECIFIED = 0;
export const DELTA = 1;

export interface WireMetric {
  name: string;
  description: string;
  unit: string;
  type: MetricType;
  /** AggregationTemporality: 0 unspecified, 1 delta, 2 cumulative */
  temporality: number;
  monotonic: boolean;
}

interface AnyPoint {
  attributes: Attributes;
  /** 0: not said */
  timeMs: number;
  /** when a sum or a histogram began; 0: not said */
  startMs: number;
  flags: number;
}

export interface NumberPoint extends AnyPoint {
  type: "number";
  /** null: the point holds neither a double nor an integer */
  value: number | null;
}

interface Distribution extends AnyPoint {
  count: number;
  /** null: not said */
  sum: number | null;
}

export interface HistogramPoint extends Distribution {
  type: "histogram";
  /** one more than bounds; both empty when the sender keeps no buckets */
  bucketCounts: number[];
  bounds: number[];
}

/** Bucket i of `counts` has the index `offset` + i. */
export interface ExponentialBuckets {
  offset: number;
  counts: number[];
}

export interface ExponentialPoint extends Distribution {
  type: "exponential";
  scale: number;
  zeroCount: number;
  zeroThreshold: number;
  positive: ExponentialBuckets;
  negative: ExponentialBuckets;
}

export interface SummaryPoint extends Distribution {
  type: "summary";
  quantiles: { quantile: number; value: number }[];
}

export type WirePoint = NumberPoint | HistogramPoint | ExponentialPoint | SummaryPoint;

export const emptyNumberPoint = (): NumberPoint => ({
  type: "number",
  attributes: {},
  timeMs: 0,
  startMs: 0,
  flags: 0,
  value: null,
});

const emptyDistribution = () => ({ attributes: {}, timeMs: 0, startMs: 0, flags: 0, count: 0, sum: null });

export const emptyHistogramPoint = (): HistogramPoint => ({
  type: "histogram",
  ...emptyDistribution(),
  bucketCounts: [],
  bounds: [],
});

export const emptyExponentialPoint = (): ExponentialPoint => ({
  type: "exponential",
  ...emptyDistribution(),
  scale: 0,
  zeroCount: 0,
  zeroThreshold: 0,
  positive: { offset: 0, counts: [] },
  negative: { offset: 0, counts: [] },
});

export const emptySummaryPoint = (): SummaryPoint => ({ type: "summary", ...emptyDistribution(), quantiles: [] });
