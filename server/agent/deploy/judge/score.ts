import type { AnalysisRules } from "../../config-deployment.ts";
import type { JudgeResult, MetricResult } from "./schema.ts";

/** From this share of metrics without data on there is no score: Kayenta's limit. */
const MOST_MISSING = 0.5;

/**
 * Kayenta's weighted sum (WeightedSumScorer.scala): a group's score is the share of its metrics that pass, those without
 * data left out; the whole is the groups' sum by weight, a group without data taking no part. A critical failure, or
 * half of the metrics without data, is 0.
 */
export function scoreOf(
  metrics: readonly MetricResult[],
  rules: AnalysisRules,
): { score: number | null; groups: JudgeResult["groups"]; missing: boolean } {
  const groups = Object.entries(rules.groups)
    .filter(([name]) => metrics.some((metric) => metric.group === name))
    .map(([name, weight]) => {
      const known = metrics.filter((metric) => metric.group === name && metric.classification !== "nodata");
      const passed = known.filter((metric) => metric.classification === "pass").length;
      return { name, weight, score: known.length === 0 ? null : (passed / known.length) * 100 };
    });
  if (metrics.length === 0) return { score: null, groups, missing: false };
  const share = metrics.filter((metric) => metric.classification === "nodata").length / metrics.length;
  const missing = share >= MOST_MISSING;
  const fatal = metrics.some((metric) => metric.critical && ["high", "low"].includes(metric.classification));
  const weight = groups.reduce((sum, group) => sum + (group.score === null ? 0 : group.weight), 0);
  const sum = groups.reduce((total, group) => total + (group.score ?? 0) * group.weight, 0);
  return { score: fatal || missing || weight === 0 ? 0 : sum / weight, groups, missing };
}
