import type { AnalysisRules } from "../config.ts";
import type { JudgeResult } from "./analysis-schema.ts";
import type { Judged } from "./metrics.ts";

/** From this share of metrics without data on there is no score: Kayenta's limit. */
const MOST_MISSING = 0.5;

/**
 * Kayenta's weighted sum (WeightedSumScorer.scala): a group's score is the share of its metrics that pass, those without
 * data left out; the whole is the groups' sum by weight, a group without data taking no part. A critical failure, or
 * half of the metrics without data, is 0. Ours: what cannot be there is not missing, as usage that the platform does not
 * measure; and without anything known there is no score.
 */
export function scoreOf(
  judged: readonly Judged[],
  rules: AnalysisRules,
): { score: number | null; groups: JudgeResult["groups"]; missing: boolean } {
  const metrics = judged.map((one) => one.metric);
  const groups = Object.entries(rules.groups)
    .filter(([name]) => metrics.some((metric) => metric.group === name))
    .map(([name, weight]) => {
      const known = metrics.filter((metric) => metric.group === name && metric.classification !== "nodata");
      const passed = known.filter((metric) => metric.classification === "pass").length;
      return { name, weight, score: known.length === 0 ? null : (passed / known.length) * 100 };
    });
  const expected = judged.filter((one) => one.expected);
  const unknown = expected.filter((one) => one.metric.classification === "nodata").length;
  const missing = expected.length > 0 && unknown / expected.length >= MOST_MISSING;
  const fatal = metrics.some((metric) => metric.critical && ["high", "low"].includes(metric.classification));
  const weight = groups.reduce((sum, group) => sum + (group.score === null ? 0 : group.weight), 0);
  const sum = groups.reduce((total, group) => total + (group.score ?? 0) * group.weight, 0);
  if (fatal || missing) return { score: 0, groups, missing };
  return { score: weight === 0 ? null : sum / weight, groups, missing };
}
