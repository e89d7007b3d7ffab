import type { Answer, SourceInfo, TimeWindow } from "./source.ts";
import type { SeriesKind } from "./telemetry.ts";

export interface LabelFilter {
  label: string;
  /** `=~` and `!~` are anchored regular expressions, as Prometheus has them */
  op: "=" | "!=" | "=~" | "!~";
  value: string;
}

/**
 * rate: of counters, per second · increase: of counters, per step · avg, min, max, sum: over series and step ·
 * last: the newest value of each series, summed over a group · quantile: of a histogram (`metric` without `_bucket`) ·
 * count: how many series have a sample
 */
export const METRIC_FUNCTIONS = ["rate", "increase", "avg", "min", "max", "sum", "last", "quantile", "count"] as const;
export type MetricFunction = (typeof METRIC_FUNCTIONS)[number];

export interface MetricQuery {
  metric: string;
  filters: LabelFilter[];
  /** labels that make a line of their own; none: one line over all series */
  groupBy: string[];
  fn: MetricFunction;
  /** 0…1, of `quantile` */
  quantile?: number | undefined;
  /** how far apart the samples are at least, where that is known of series that come from the same place */
  sampleSeconds?: number | undefined;
}

/** Between which bounds of a histogram a quantile lies: above `lower`, at most `upper`; where in between is a guess. */
export interface QuantileBounds {
  /** null: there is none, as of the lowest bucket of values that may be negative */
  lower: number | null;
  /** null: there is none, as of the last bucket */
  upper: number | null;
}

export interface MetricLine {
  labels: Record<string, string>;
  /** one per step of the window, oldest first; null is a gap */
  values: (number | null)[];
  /** of a quantile, one per step; null or absent where the source does not tell */
  bounds?: (QuantileBounds | null)[];
}

export interface MetricLines {
  stepSeconds: number;
  /** start of the first step, ms since 1970 */
  startMs: number;
  /** largest mean first, so that a limit keeps what matters; equal ones by their labels */
  lines: MetricLine[];
  /** lines in all; more than `lines` when the limit cut some off */
  total: number;
  /** of a rate or an increase, series of that name that are gauges and have none; absent where there is none or nobody knows */
  leftOut?: number;
}

export interface MetricInfo {
  name: string;
  kind: SeriesKind | "histogram" | "unknown";
  unit: string;
  help: string;
  /** null where the source cannot say cheaply */
  series: number | null;
}

/** Over which time a query is answered. */
export interface WindowQuery {
  window: TimeWindow;
  stepSeconds: number;
  /** steps begin with the window; without it a source may begin earlier, at a multiple of the step */
  exact?: boolean | undefined;
  /** of a quantile: its bounds are wanted, too, where finding them takes a question of its own */
  withBounds?: boolean | undefined;
}

/** Series of numbers. Throws as LogSource does. */
export interface MetricsSource {
  readonly info: SourceInfo;
  metrics(query: {
    search?: string | undefined;
    service?: string | undefined;
    limit: number;
  }): Promise<Answer<{ items: MetricInfo[]; total: number }>>;
  labels(query: { metric: string }): Promise<Answer<string[]>>;
  labelValues(query: { metric: string; label: string; limit: number }): Promise<Answer<string[]>>;
  query(query: MetricQuery & WindowQuery & { limit: number }, signal?: AbortSignal): Promise<Answer<MetricLines>>;
  /**
   * How far apart the samples of a metric's series are, in seconds, at the end of the window; null where nothing is known.
   * A histogram is named without `_bucket`. A line's step should not be shorter.
   */
  sampleSeconds(query: Pick<MetricQuery, "metric" | "filters"> & { window: TimeWindow }): Promise<number | null>;
  /** Evaluates PromQL; null where the source does not speak it. @throws INVALID with the source's message */
  readonly promql:
    | ((
        query: { expression: string; window: TimeWindow; stepSeconds: number; limit: number },
        signal?: AbortSignal,
      ) => Promise<Answer<MetricLines>>)
    | null;
  /** The PromQL a structured query stands for, so that a person can go on from it. */
  toPromql(query: MetricQuery, stepSeconds: number): string;
}
