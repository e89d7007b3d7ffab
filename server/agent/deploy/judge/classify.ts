import type { AnalysisRules, MetricRule } from "../config.ts";
import type { Classification, MetricResult } from "./analysis-schema.ts";
import { fisherExact, newcombe } from "./count-test.ts";
import { mannWhitney } from "./rank-test.ts";

/**
 * One metric's verdict. Ranks and effect size as in Kayenta's NetflixACAJudge (MannWhitneyClassifier.scala): a
 * difference counts when the whole interval lies beyond the tolerance and the effect beyond what is allowed.
 */

type Rank = NonNullable<MetricResult["rank"]>;
type Count = NonNullable<MetricResult["count"]>;
type Effect = NonNullable<MetricResult["effect"]>;

const finite = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
export const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
export const medianOf = (values: readonly number[]): number | null => quantileOf(values, 0.5);

function quantileOf(values: readonly number[], q: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (sorted.length - 1) * q;
  const low = sorted[Math.floor(rank)];
  const high = sorted[Math.ceil(rank)];
  return low === undefined || high === undefined ? null : low + (high - low) * (rank - Math.floor(rank));
}

/**
 * What is left of a side's values after the missing ones and the outliers were dealt with. Zeros fill gaps only: where
 * nothing was measured at all nothing is known, other than in Kayenta, which then passes the metric.
 */
export function usable(values: readonly (number | null)[], rule: MetricRule): number[] {
  if (values.every((value) => value === null)) return [];
  const present = rule.missingData === "zero" ? values.map((value) => value ?? 0) : finite(values);
  return rule.outlierFactor === null ? present : withoutOutliers(present, rule.outlierFactor);
}

/**
 * Tukey's fences, moved out to the 1st and 99th percentile where those lie beyond, as in Kayenta's IQRDetector with
 * reduced sensitivity: at most one value in a hundred at either end goes, also when most values are equal.
 */
export function withoutOutliers(values: readonly number[], factor: number): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => weibullQuantile(sorted, share);
  const reach = (at(0.75) - at(0.25)) * factor;
  const [lower, upper] = [Math.min(at(0.01), at(0.25) - reach), Math.max(at(0.99), at(0.75) + reach)];
  return values.filter((value) => value >= lower && value <= upper);
}

/** Position p(n + 1), as Apache Commons Math has it, whose percentiles Kayenta uses. */
function weibullQuantile(sorted: readonly number[], share: number): number {
  const place = Math.min(sorted.length, Math.max(1, share * (sorted.length + 1)));
  const [low, high] = [sorted[Math.floor(place) - 1] ?? 0, sorted[Math.ceil(place) - 1] ?? 0];
  return low + (high - low) * (place - Math.floor(place));
}

/** Null when there is nothing to rank: a side is empty, or all values are one. */
export function rankOf(candidate: readonly number[], baseline: readonly number[], rules: AnalysisRules): Rank | null {
  if (candidate.length === 0 || baseline.length === 0) return null;
  const all = [...candidate, ...baseline];
  const range = Math.max(...all) - Math.min(...all);
  if (range === 0) return null;
  const { confidence } = rules;
  // R's 1e-4 is too coarse for shares and too fine for bytes
  const test = mannWhitney(candidate, baseline, { confidence, tolerance: range * 1e-6 });
  return { ...test, confidence, tolerance: rules.tolerance * Math.abs(test.estimate) };
}

/** Mean ratio, or the common language effect size: the share of pairs in which the new version is larger. */
export function effectOf(
  candidate: readonly number[],
  baseline: readonly number[],
  rank: Rank | null,
  rule: MetricRule,
): Effect {
  const [above, below] = [meanOf(candidate), meanOf(baseline)];
  const ratio = above === null || below === null || below === 0 ? null : above / below;
  const cles = rank === null ? null : rank.u / (candidate.length * baseline.length);
  const value = rule.effect === "cles" ? cles : ratio;
  const down = rule.direction === "decrease" || (rule.direction === "either" && (rank?.estimate ?? 0) < 0);
  return { measure: rule.effect, value, allowed: allowedOf(rule, down), critical: criticalOf(rule) };
}

/** A share of pairs is one at most: a limit for it that only makes sense for a ratio leaves the ranks to decide alone. */
const EVEN = 0.5;

function allowedOf(rule: MetricRule, down: boolean): number {
  if (rule.effect === "meanRatio") return down ? rule.allowedDecrease : rule.allowedIncrease;
  if (down) return Math.min(rule.allowedDecrease, EVEN);
  return rule.allowedIncrease < 1 ? rule.allowedIncrease : EVEN;
}

const criticalOf = ({ effect, criticalIncrease }: MetricRule) =>
  effect === "cles" && criticalIncrease !== null && criticalIncrease > 1 ? null : criticalIncrease;

/** Whether a classification is critical: with a limit from that effect on, as in Kayenta when the effect is unknown anyway. */
export function isCritical(classification: Classification, effect: Effect, rule: MetricRule): boolean {
  if (classification !== "high" || effect.critical === null || effect.value === null) return rule.critical;
  return effect.value >= effect.critical;
}

/** By ranks: Kayenta's rule, and our own that a difference too small to matter does not count, however sure it is. */
export function classifyRanks(rank: Rank | null, effect: Effect, rule: MetricRule): Classification {
  if (rank === null) return "pass";
  const bad = { up: rule.direction !== "decrease", down: rule.direction !== "increase" };
  const { value } = effect;
  const matters = Math.abs(rank.estimate) >= rule.leastIncrease;
  if (bad.up && matters && rank.low > rank.tolerance && (value === null || value > allowedOf(rule, false)))
    return "high";
  if (bad.down && matters && rank.high < -rank.tolerance && (value === null || value < allowedOf(rule, true)))
    return "low";
  return "pass";
}

/** A difference of pooled counts is sure from here on; the judge looks many times, so a tenth of the ranks' error. */
const SURE_SHARE = 10;
/** Below this it cannot be ruled out, and more requests are waited for. */
export const SUSPICIOUS = 0.05;

export type CountVerdict = "sure" | "suspicious" | "none";

/**
 * Ours, because ranks cannot see a rare event: with one failure in twenty requests most samples of a small canary hold
 * none. Both counts are pooled over the window and compared by Fisher's exact test.
 */
export function compareCounts(
  candidate: { events: number; total: number },
  baseline: { events: number; total: number },
  rules: AnalysisRules,
): Count | null {
  if (candidate.total === 0 || baseline.total === 0) return null;
  const counts = [candidate.events, candidate.total, baseline.events, baseline.total] as const;
  return {
    baselineEvents: baseline.events,
    baselineTotal: baseline.total,
    candidateEvents: candidate.events,
    candidateTotal: candidate.total,
    pValue: fisherExact(...counts),
    ...newcombe(...counts, rules.confidence),
  };
}

/** `least` and `allowed`: the absolute and the relative difference that are accepted. */
export function judgeCounts(
  count: Count | null,
  rules: AnalysisRules,
  { least, allowed }: { least: number; allowed: number },
): CountVerdict {
  if (count === null || count.difference < least || oddsRatio(count) < allowed) return "none";
  if (isSure(count, rules)) return "sure";
  return count.pValue < SUSPICIOUS ? "suspicious" : "none";
}

/** Probability, 0…1, of an error that a sure count may have. */
export const sureError = ({ confidence }: Pick<AnalysisRules, "confidence">): number => (1 - confidence) / SURE_SHARE;

export const isSure = ({ pValue }: Pick<Count, "pValue">, rules: Pick<AnalysisRules, "confidence">): boolean =>
  pValue < sureError(rules);

/** With fewer requests not even a clear failure is believed. */
export const LEAST_FOR_FAILURE = 50;
/** A failure before there are enough requests must be beyond doubt. */
export const BEYOND_DOUBT = 1e-4;

/** Close to the ratio of small shares; unlike it, it still tells 85 % from 100 %. */
function oddsRatio({ candidateEvents, candidateTotal, baselineEvents, baselineTotal }: Count): number {
  const [above, below] = [
    candidateEvents * (baselineTotal - baselineEvents),
    baselineEvents * (candidateTotal - candidateEvents),
  ];
  return below === 0 ? Number.POSITIVE_INFINITY : above / below;
}
