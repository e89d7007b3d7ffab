import type { JudgeResult, MetricResult } from "#server/agent/deploy/judge/schema.ts";

/** Where the judge's numbers stand on a line of 100. Pure. */

export type Metric = MetricResult;

const isBad = (metric: Metric) => metric.classification === "high" || metric.classification === "low";

/** Worst first: what is bad and critical, bad, critical, the rest; what could not be compared last. */
export const worstFirst = (metrics: readonly Metric[]): Metric[] => {
  const rank = (metric: Metric) =>
    metric.classification === "nodata" ? 4 : isBad(metric) ? (metric.critical ? 0 : 1) : metric.critical ? 2 : 3;
  return [...metrics].sort((a, b) => rank(a) - rank(b));
};

export interface Interval {
  low: number;
  estimate: number;
  high: number;
  /** half the width of the zone in which a difference does not count; null: none is drawn */
  tolerance: number | null;
  unit: Metric["unit"] | "points";
}

/** The interval of the difference that decided: of shares where requests were counted, else of ranks. */
export function intervalOf({ rank, count, unit }: Metric): Interval | null {
  if (count !== null && unit === "ratio")
    return {
      low: count.low * 100,
      estimate: count.difference * 100,
      high: count.high * 100,
      tolerance: null,
      unit: "points",
    };
  return rank && { low: rank.low, estimate: rank.estimate, high: rank.high, tolerance: rank.tolerance, unit };
}

/** Positions in percent of the width, with nothing in the middle: 50 is no difference. */
export function forest(interval: Interval): { low: number; estimate: number; high: number; zone: number } {
  const reach = Math.max(Math.abs(interval.low), Math.abs(interval.high), (interval.tolerance ?? 0) * 1.5) * 1.1 || 1;
  const at = (value: number) => 50 + (value / reach) * 50;
  return {
    low: at(interval.low),
    estimate: at(interval.estimate),
    high: at(interval.high),
    zone: ((interval.tolerance ?? 0) / reach) * 50,
  };
}

/** Both sides' samples on one scale, in percent of the width. Null when there is nothing to draw. */
export function strips({
  baseline,
  candidate,
}: Metric): { old: number[]; fresh: number[]; from: number; to: number } | null {
  const all = [...baseline.used, ...candidate.used];
  if (all.length === 0) return null;
  const [from, to] = [Math.min(...all), Math.max(...all)];
  const at = (value: number) => (to === from ? 50 : ((value - from) / (to - from)) * 100);
  return { old: baseline.used.map(at), fresh: candidate.used.map(at), from, to };
}

/** What the verdict means for whoever reads it at three in the morning. */
export const VERDICT_WORDS: Record<JudgeResult["verdict"], string> = {
  pass: "not worse",
  fail: "worse",
  inconclusive: "not decided",
  error: "could not compare",
};
