import type { TrafficCounts } from "../../ports/traffic.ts";
import { sumOutcomes, waitLimitMs } from "../../telemetry/outcomes.ts";
import { groupedCount } from "../../text/numbers.ts";
import { type AnalysisRules, METRICS_OF_USERS } from "../config.ts";
import { judgeAlone } from "./absolute-check.ts";
import type { JudgeResult, MetricResult } from "./analysis-schema.ts";
import { BEYOND_DOUBT, LEAST_FOR_FAILURE } from "./classify.ts";
import { type Dependent, judgeDependents } from "./dependents.ts";
import { withoutWorstCallers } from "./few-callers.ts";
import { type Judged as JudgedMetric, judgeMetric, METRIC_NAMES, type Sides, shareOnly } from "./metrics.ts";
import { judgeOutcomes } from "./outcomes.ts";
import { poolOf, sampleLengthMs, samplesOf } from "./samples.ts";
import { scoreOf } from "./score.ts";
import { shareOf } from "./sentences.ts";

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
  /** requests of each side that are in no bucket, because the balancer itself stood still then */
  leftOut: { baseline: number; candidate: number };
  /** percent of failed requests from which on the service fails its users, whatever it did before */
  failingPercent: number;
  /**
   * Milliseconds since 1970; until then the new version warmed up, as Kayenta's guide and Argo's initialDelay have it:
   * how requests ended counts, what they cost does not. The same minutes of the running version are left out with them.
   */
  warmUntil?: number | undefined;
}

export interface Judged {
  result: JudgeResult;
  /** more requests could still change the verdict, so that waiting makes sense */
  tooLittle: boolean;
  /** the new version itself had too few requests to say anything, and none of them speaks against it */
  fewRequests: boolean;
}

/** With a larger share of its requests left out nothing passes: its bad moments may be those that are missing. */
const MOST_LEFT_OUT = 0.2;
/**
 * What the new version costs is compared with what the running one cost earlier, on a machine that stood still by less:
 * two versions of the same minutes suffer alike, a machine that is short of time between its standstills slows one.
 */
const MOST_LEFT_OUT_APART = 0.05;

/**
 * Compares a new version with the running one. Follows Kayenta's NetflixACAJudge: samples of each metric, missing data
 * and outliers dealt with, Mann-Whitney U with a tolerance, effect sizes, group scores, thresholds; see classify.ts for
 * what is our own. Without enough requests to compare, the new version is judged alone. A failure that is none without
 * the three worst callers is a person's to decide.
 */
export function judge(input: JudgeInput): Judged {
  const judged = judgeCounted(input);
  const others = judged.result.verdict === "fail" ? withoutWorstCallers(input.candidate) : null;
  if (others === null || judgeCounted({ ...input, candidate: others }).result.verdict === "fail") return judged;
  const sentence = `what speaks against ${input.candidateVersion} comes from no more than three callers: ${judged.result.sentence}`;
  return { result: { ...judged.result, verdict: "inconclusive", sentence }, tooLittle: false, fewRequests: false };
}

function judgeCounted(input: JudgeInput): Judged {
  const { rules, minRequests, baselineVersion, candidateVersion } = input;
  const sides = sidesOf(input, input);
  const [baseline, candidate] = [poolOf(sides.baseline), poolOf(sides.candidate)];
  const warm = warmSides(input, sides);
  const judged = METRIC_NAMES.filter((name) => rules.metrics[name].enabled).map((name) =>
    judgeMetric(name, shareOnly(name) ? sides : warm),
  );
  const outcomes = rules.metrics.outcomes.enabled ? judgeOutcomes(sides) : null;
  if (outcomes) judged.push(outcomes);
  if (rules.metrics.dependents.enabled) judged.push(...judgeDependents(input.dependents, rules, warm));
  const metrics = judged.map((one) => one.metric);
  const scored = scoreOf(judged, rules);
  const common = {
    ...{ score: scored.score, passScore: rules.passScore, marginalScore: rules.marginalScore, groups: scored.groups },
    ...{ from: input.from, to: input.to, baselineVersion, candidateVersion, metrics },
    ...{ baselineRequests: baseline.requests, candidateRequests: candidate.requests },
    sampleSeconds: sides.sampleSeconds,
  };
  const fewest = Math.min(baseline.requests, candidate.requests);
  const [isBeyondDoubt, isFew] = [beyondDoubt(metrics), fewest < minRequests];
  if (isFew && !(isBeyondDoubt && fewest >= Math.min(LEAST_FOR_FAILURE, minRequests))) {
    const { score, ...alone } = judgeAlone(input, { baseline, candidate, isBeyondDoubt, score: common.score });
    return withLeftOut(input, { ...common, score }, alone);
  }
  const concluded = { ...conclude(judged, scored, input, outcomes?.told ?? null), fewRequests: false };
  const isEarly = warm.isWarming && concluded.verdict === "pass";
  const said = isEarly ? { ...concluded, ...TOO_EARLY, sentence: tooEarly(input, warm) } : concluded;
  return withLeftOut(input, common, { ...said, sentence: withWarmUp(input, said.sentence) });
}

/** What the versions cost: both without the time in which the new one warmed up. */
function warmSides(input: JudgeInput, all: Sides): Sides & { isWarming: boolean; fewest: number } {
  const { warmUntil, from, minRequests } = input;
  const isOfWarmUp = ({ bucketAt }: TrafficCounts) =>
    warmUntil !== undefined && Date.parse(bucketAt) >= Date.parse(from) && Date.parse(bucketAt) < warmUntil;
  const doubt = isStanding(input, all) ? "the balancer itself stood still too often to blame the version" : null;
  if (!input.candidate.some(isOfWarmUp)) return { ...all, doubt, isWarming: false, fewest: Infinity };
  const rows = {
    baseline: input.baseline.filter((row) => !isOfWarmUp(row)),
    candidate: input.candidate.filter((row) => !isOfWarmUp(row)),
  };
  const sides = sidesOf({ ...input, from: new Date(warmUntil ?? 0).toISOString() }, rows);
  const fewest = Math.min(poolOf(sides.baseline).requests, poolOf(sides.candidate).requests);
  const isWarming = fewest < minRequests;
  return { ...sides, fewest, isWarming, doubt };
}

const TOO_EARLY = { verdict: "inconclusive", tooLittle: true, fewRequests: true } as const;

const tooEarly = ({ candidateVersion, baselineVersion, minRequests }: JudgeInput, { fewest }: { fewest: number }) =>
  `${candidateVersion} against ${baselineVersion}: ${groupedCount(fewest)} of the ${groupedCount(minRequests)} requests by which latency is compared since ${candidateVersion} has warmed up`;

/** Says how many requests latency was compared without. */
function withWarmUp({ candidate, from, warmUntil }: JudgeInput, sentence: string): string {
  const early = candidate.filter(({ bucketAt }) => Date.parse(bucketAt) < (warmUntil ?? 0));
  const count = early.reduce((sum, { requests }) => sum + requests, 0);
  if (count === 0) return sentence;
  const seconds = Math.round(((warmUntil ?? 0) - Date.parse(from)) / 1_000);
  return `${sentence}; ${groupedCount(count)} requests of the first ${seconds} s are not compared by latency`;
}

/** Of either side so many requests are left out that the machine, not a version, may be what was slow. */
function isStanding({ leftOut, baseline, from }: JudgeInput, sides: Sides): boolean {
  const isApart = !baseline.some((row) => Date.parse(row.bucketAt) >= Date.parse(from));
  const most = isApart ? MOST_LEFT_OUT_APART : MOST_LEFT_OUT;
  return (["baseline", "candidate"] as const).some((side) => {
    const all = poolOf(sides[side]).requests + leftOut[side];
    return leftOut[side] > most * all;
  });
}

type Verdict = Pick<JudgeResult, "verdict" | "sentence"> & Omit<Judged, "result">;

/** Says how many requests the comparison is without; what passes without too many of them is in doubt. */
function withLeftOut(
  { leftOut, candidateVersion, baselineVersion }: JudgeInput,
  common: Omit<JudgeResult, "verdict" | "sentence">,
  { verdict, sentence, tooLittle, fewRequests }: Verdict,
): Judged {
  const all = common.candidateRequests + leftOut.candidate;
  if (leftOut.candidate + leftOut.baseline === 0)
    return { result: { ...common, verdict, sentence }, tooLittle, fewRequests };
  const both = [
    [leftOut.candidate, all, candidateVersion] as const,
    [leftOut.baseline, common.baselineRequests + leftOut.baseline, baselineVersion] as const,
  ];
  const shares = both
    .filter(([count]) => count > 0)
    .map(([count, of, version]) => `${shareOf(count, of)} of ${version}`);
  const why = `left out because the balancer itself stood still: ${shares.join(" and ")}`;
  const tooMany = leftOut.candidate > MOST_LEFT_OUT * all;
  const doubt = tooMany && verdict === "pass";
  const said = doubt ? `${candidateVersion} against ${baselineVersion}: too many requests are missing` : sentence;
  return {
    result: { ...common, verdict: doubt ? "inconclusive" : verdict, sentence: `${said}; ${why}` },
    tooLittle: tooLittle || doubt,
    fewRequests: fewRequests && !tooMany,
  };
}

function sidesOf(
  input: JudgeInput,
  { baseline, candidate }: Pick<JudgeInput, "baseline" | "candidate">,
): Sides & { sampleSeconds: number } {
  const { rules, baselineVersion, candidateVersion } = input;
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
  judged: readonly JudgedMetric[],
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
