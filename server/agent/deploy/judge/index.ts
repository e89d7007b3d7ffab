import { type AnalysisRules, METRICS_OF_USERS } from "../../config-deployment.ts";
import { groupedCount } from "../../kernel/numbers.ts";
import { sumOutcomes, waitLimitMs } from "../../kernel/outcomes.ts";
import type { TrafficCounts } from "../../ports/platform.ts";
import { BEYOND_DOUBT, LEAST_FOR_FAILURE } from "./classify.ts";
import { type Dependent, judgeDependents } from "./dependents.ts";
import { type Judged, judgeMetric, METRIC_NAMES, type Sides } from "./metrics.ts";
import { judgeOutcomes } from "./outcomes.ts";
import { poolOf, sampleLengthMs, samplesOf } from "./samples.ts";
import type { JudgeResult, MetricResult } from "./schema.ts";
import { scoreOf } from "./score.ts";

export interface JudgeInput {
  baselineVersion: string;
  candidateVersion: string;
  /** ISO 8601; of the candidate's window */
  from: string;
  to: string;
  /** buckets of one length; for a canary of the same minutes as the candidate's */
  baseline: readonly TrafficCounts[];
  candidate: readonly TrafficCounts[];
  rules: AnalysisRules;
  /** requests of each side without which nothing passes */
  minRequests: number;
  dependents: readonly Dependent[];
}

/**
 * Compares a new version with the running one. Follows Kayenta's NetflixACAJudge: samples of each metric, missing data
 * and outliers dealt with, Mann-Whitney U with a tolerance, effect sizes, group scores, thresholds; see classify.ts for
 * what is our own. `tooLittle` says that more requests could still change the verdict, so that waiting makes
 * sense; `fewRequests`, that there were too few to say anything.
 */
export function judge(input: JudgeInput): { result: JudgeResult; tooLittle: boolean; fewRequests: boolean } {
  const { rules, minRequests, baselineVersion, candidateVersion } = input;
  const sides = sidesOf(input);
  const [baselineRequests, candidateRequests] = [sides.baseline, sides.candidate].map((side) => poolOf(side).requests);
  const judged = METRIC_NAMES.filter((name) => rules.metrics[name].enabled).map((name) => judgeMetric(name, sides));
  const outcomes = rules.metrics.outcomes.enabled ? judgeOutcomes(sides) : null;
  if (outcomes) judged.push(outcomes);
  if (rules.metrics.dependents.enabled)
    judged.push(...judgeDependents(input.dependents, rules, baselineVersion, candidateVersion));
  const metrics = judged.map((one) => one.metric);
  const scored = scoreOf(judged, rules);
  const common = {
    ...{ score: scored.score, passScore: rules.passScore, marginalScore: rules.marginalScore, groups: scored.groups },
    ...{ from: input.from, to: input.to, baselineVersion, candidateVersion, metrics },
    ...{ baselineRequests: baselineRequests ?? 0, candidateRequests: candidateRequests ?? 0 },
    sampleSeconds: sides.sampleSeconds,
  };
  const fewest = Math.min(common.baselineRequests, common.candidateRequests);
  if (fewest < minRequests && !(fewest >= Math.min(LEAST_FOR_FAILURE, minRequests) && beyondDoubt(metrics))) {
    const [version, count] =
      common.candidateRequests <= common.baselineRequests
        ? [candidateVersion, common.candidateRequests]
        : [baselineVersion, common.baselineRequests];
    const sentence = `${version} has answered ${groupedCount(count)} of the ${groupedCount(minRequests)} requests that a comparison needs`;
    return { result: { ...common, verdict: "inconclusive", sentence }, tooLittle: true, fewRequests: true };
  }
  const { verdict, sentence, tooLittle } = conclude(judged, scored, input, outcomes?.told ?? null);
  return { result: { ...common, verdict, sentence }, tooLittle, fewRequests: false };
}

function sidesOf(input: JudgeInput): Sides & { sampleSeconds: number } {
  const { baseline, candidate, rules, baselineVersion, candidateVersion } = input;
  const starts = (rows: readonly TrafficCounts[]) => rows.map((row) => Date.parse(row.bucketAt));
  const times = [...new Set(starts(candidate))].sort((a, b) => a - b);
  const bucketMs = times.slice(1).reduce((least, time, i) => Math.min(least, time - (times[i] ?? time)), 10_000);
  const spanMs = Math.max(bucketMs, Date.parse(input.to) - Date.parse(input.from));
  const total = (rows: readonly TrafficCounts[]) => rows.reduce((sum, row) => sum + row.requests, 0);
  const lengthMs = sampleLengthMs(Math.min(total(baseline), total(candidate)), spanMs, bucketMs);
  const limitMs = waitLimitMs(sumOutcomes(candidate), sumOutcomes(baseline));
  const cut = (rows: readonly TrafficCounts[]) =>
    samplesOf(rows, Math.min(...starts(rows), Infinity), lengthMs, limitMs);
  return {
    ...{ rules, baselineVersion, candidateVersion },
    ...{ baseline: cut(baseline), candidate: cut(candidate), sampleSeconds: lengthMs / 1_000 },
  };
}

const isBad = (metric: MetricResult) => metric.classification === "high" || metric.classification === "low";

const beyondDoubt = (metrics: readonly MetricResult[]): boolean =>
  metrics.some((metric) => metric.critical && isBad(metric) && (metric.count?.pValue ?? 1) < BEYOND_DOUBT);

function conclude(
  judged: readonly Judged[],
  { score, missing }: ReturnType<typeof scoreOf>,
  { rules, baselineVersion, candidateVersion }: JudgeInput,
  told: string | null,
): { verdict: JudgeResult["verdict"]; sentence: string; tooLittle: boolean } {
  const metrics = judged.map((one) => one.metric);
  const worst = metrics.filter(isBad).sort((a, b) => Number(b.critical) - Number(a.critical));
  // the worst with its numbers, the others by name: the whole stands below each other in the result
  const [first, ...others] = worst;
  const because = [
    first?.sentence,
    others.length > 0 ? `also ${others.map((metric) => metric.label).join(", ")}` : null,
  ]
    .filter(Boolean)
    .join("; ");
  const named = `${candidateVersion} against ${baselineVersion}`;
  const fatal = worst.find((metric) => metric.critical);
  if (fatal) return { verdict: "fail", sentence: `${candidateVersion} is worse: ${because}`, tooLittle: false };
  const unseen = metrics.find((metric) => metric.critical && metric.classification === "nodata");
  if (unseen)
    return { verdict: "inconclusive", sentence: `${named}: nothing is known about ${unseen.label}`, tooLittle: true };
  if (missing) return { verdict: "fail", sentence: `${named}: most of what is compared is missing`, tooLittle: false };
  if (score === null)
    return { verdict: "inconclusive", sentence: `${named}: there is nothing to compare`, tooLittle: true };
  const points = `${Math.round(score)} of 100 points`;
  const doubt = judged.find((one) => one.suspicious && one.metric.critical);
  if (score < rules.marginalScore)
    return { verdict: "fail", sentence: `${candidateVersion} is worse, ${points}: ${because}`, tooLittle: false };
  if (score < rules.passScore)
    return { verdict: "inconclusive", sentence: `${named}, ${points}: ${because}`, tooLittle: false };
  const asked = judged.find((one) => one.question);
  if (asked) return { verdict: "inconclusive", sentence: `${named}: ${asked.question}`, tooLittle: false };
  if (doubt) return { verdict: "inconclusive", sentence: `${named}: ${doubt.metric.sentence}`, tooLittle: true };
  const ofUsers = metrics.filter(({ name }) => METRICS_OF_USERS.some((one) => one === name));
  if (!ofUsers.some(({ classification }) => classification !== "nodata"))
    return {
      verdict: "inconclusive",
      sentence: `${named}: neither errors nor latency were compared, and what it takes does not say whether it works`,
      tooLittle: false,
    };
  const passed = `${candidateVersion} is not worse than ${baselineVersion}, ${points}`;
  return { verdict: "pass", sentence: told ? `${passed}; ${told}` : passed, tooLittle: false };
}
