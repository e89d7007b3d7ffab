import type { JudgeResult, MetricResult } from "#server/agent/deploy/judge/analysis-schema.ts";
import type { OUTCOME_LOOK } from "../../marks/deployment-states.ts";

/** Where the judge's numbers stand on a line of 100. Pure. */

export type Metric = MetricResult;

export const isBad = (metric: Metric) => metric.classification === "high" || metric.classification === "low";

/** Neither side was measured: results of earlier versions call that a pass. */
const isUnknown = ({ classification, count, rank, baseline, candidate }: Metric): boolean =>
  classification === "nodata" ||
  (classification === "pass" && !count && !rank && baseline.median === null && candidate.median === null);

const PERHAPS = /, perhaps worse, not sure yet$/;
const NOT_WORSE = /, not worse by more than is allowed$/;

/** The judge's sentence, no more certain than the mark beside it: while nothing is decided it acquits no metric. */
export const sentenceFor = (metric: Metric, verdict: JudgeResult["verdict"]): string =>
  outcomeOf(metric, verdict) === "undecided"
    ? metric.sentence.replace(NOT_WORSE, ", not surely more than is allowed so far")
    : metric.sentence;

/** How a metric came out, as it is drawn: what was not measured is unknown, whatever else there is. */
export function outcomeOf(metric: Metric, verdict: JudgeResult["verdict"]): keyof typeof OUTCOME_LOOK {
  if (isUnknown(metric)) return "unknown";
  if (isBad(metric)) return "worse";
  // what was found is not sure, or nothing was, and yet there is too little to say that nothing is there
  if (PERHAPS.test(metric.sentence)) return "perhaps";
  return verdict === "inconclusive" ? "undecided" : "notWorse";
}

/** `score 0 of 100: a critical metric is worse, error ratio`: why it is what its groups do not add up to. */
export function scoreWords({ score, verdict, metrics, groups }: JudgeResult): string {
  const decided = verdict === "pass" || verdict === "fail";
  // points are given for what nothing speaks against: without a decision they would read as an acquittal
  if (!decided) return "no score before it is decided";
  const words = `score ${Math.round(score ?? 0)} of 100`;
  if (score !== 0 || groups.every((group) => !group.score)) return words;
  const fatal = metrics.filter((metric) => metric.critical && isBad(metric)).map((metric) => metric.label);
  return fatal.length > 0
    ? `${words}, whatever the groups have: ${fatal.join(" and ")}, which ${fatal.length === 1 ? "is" : "are"} critical, got worse`
    : `${words}, whatever the groups have: too much of what is compared is missing`;
}

/** Worst first: what is bad and critical, bad, critical, the rest; what could not be compared last. */
export const worstFirst = (metrics: readonly Metric[]): Metric[] => {
  const rank = (metric: Metric) =>
    isUnknown(metric) ? 4 : isBad(metric) ? (metric.critical ? 0 : 1) : metric.critical ? 2 : 3;
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
