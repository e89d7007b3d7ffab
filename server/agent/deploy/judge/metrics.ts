import { BUCKET_COUNT, bucketOf, quantileMs } from "../../telemetry/histogram.ts";
import type { AnalysisRules, JudgedMetric, MetricRule } from "../config.ts";
import type { MetricResult, Side } from "./analysis-schema.ts";
import {
  BEYOND_DOUBT,
  type CountVerdict,
  classifyRanks,
  compareCounts,
  effectOf,
  isCritical,
  judgeCounts,
  LEAST_FOR_FAILURE,
  meanOf,
  medianOf,
  rankOf,
  usable,
} from "./classify.ts";
import { dice, MOST_SAMPLES, poolOf, quantilesOf, type Sample } from "./samples.ts";
import { sentenceOf } from "./sentences.ts";
import { showsThroughout } from "./sustained-difference.ts";

/** Each metric: where its values come from, and what it came to. */

export interface Sides {
  baselineVersion: string;
  candidateVersion: string;
  baseline: Sample[];
  candidate: Sample[];
  rules: AnalysisRules;
  /** why nothing that these samples cost can be held against the new version: said in its place */
  doubt?: string | null;
  /** the new version has not been warm for long, so that these samples hold few requests, or none */
  isWarming?: boolean;
}

export interface Judged {
  metric: MetricResult;
  /** more requests could still turn it over */
  suspicious: boolean;
  /** false: there is nothing to compare and nothing that should be there, so that it does not count as missing */
  expected: boolean;
  /** something that may be meant so or not: no verdict is right about it, and a person decides */
  question?: string | null;
}

const LABELS: Record<
  Exclude<JudgedMetric, "dependents" | "outcomes">,
  { label: string; unit: MetricResult["unit"] }
> = {
  errorRatio: { label: "error ratio", unit: "ratio" },
  logErrorRate: { label: "error lines in the log per request", unit: "ratio" },
  latencyP50: { label: "median latency", unit: "ms" },
  latencyP95: { label: "p95 latency", unit: "ms" },
  latencyP99: { label: "p99 latency", unit: "ms" },
  saturation: { label: "requests in flight per instance", unit: "count" },
  cpuPerRequest: { label: "CPU time per request", unit: "ms" },
  memoryPerInstance: { label: "memory per instance", unit: "bytes" },
};
type Name = keyof typeof LABELS;
const QUANTILES: Partial<Record<Name, number>> = { latencyP50: 0.5, latencyP95: 0.95, latencyP99: 0.99 };
/** Idle cost weighs on a version with little to do: these compare only at about the same load per instance. */
const PER_LOAD: readonly Name[] = ["saturation", "cpuPerRequest"];
const SAME_LOAD = 2;
/** What a platform may not measure at all; the others come from the requests themselves. */
const OF_USAGE: readonly Name[] = [...PER_LOAD, "memoryPerInstance", "logErrorRate"];

export const METRIC_NAMES = Object.keys(LABELS) as Name[];

export function judgeMetric(name: Name, sides: Sides): Judged {
  const rule = sides.rules.metrics[name];
  const base = describe(name, rule);
  if (PER_LOAD.includes(name) && !sameLoad(sides)) return notCompared(name, sides, rule);
  const { baseline, candidate } = valuesOf(name, sides, rule);
  const rank = rankOf(candidate.used, baseline.used, sides.rules);
  const effect = effectOf(candidate.used, baseline.used, rank, rule);
  const count = countsOf(name, sides, rule);
  const counted: CountVerdict =
    rule.direction === "decrease" ? "none" : judgeCounts(count, sides.rules, limitsOf(name, rule));
  const missing = candidate.used.length === 0 || baseline.used.length === 0;
  const ranked = classifyRanks(rank, effect, rule);
  const overall = overallRatio(name, sides);
  const borne = overall === null || rule.effect === "cles" || isBorneOut(ranked, overall, rule);
  const byRanks = shareOnly(name) || !borne ? "pass" : ranked;
  const found = counted === "sure" ? "high" : missing ? "nodata" : byRanks;
  const doubt = doubtOf(name, found, sides, count);
  const classification = doubt === null ? found : "pass";
  const untimed = missing && isUntimed(name, sides);
  const critical = !untimed && isCritical(found, effect, rule);
  const metric = { ...base, critical, classification, sentence: "", baseline, candidate, rank, count, effect };
  const words = sentenceOf(metric, doubt === null ? counted : "suspicious");
  const why = doubt ?? (borne || classification !== "pass" ? null : `over all requests ${percent(overall)}`);
  return {
    metric: { ...metric, sentence: why === null ? words : `${words}: ${why}` },
    suspicious: classification === "pass" && (counted === "suspicious" || doubt !== null),
    expected: !untimed && (!OF_USAGE.includes(name) || candidate.used.length > 0 || baseline.used.length > 0),
  };
}

/** Of a metric per load whose instances had different loads. */
function notCompared(name: Name, sides: Sides, rule: MetricRule): Judged {
  const base = describe(name, rule);
  const empty = { samples: [], used: [], mean: null, median: null };
  const measured = loadOf(sides.baseline) !== null && loadOf(sides.candidate) !== null;
  const why = measured
    ? "an instance of each version has very different numbers of requests to answer"
    : "it is not known how many requests an instance had to answer";
  const sentence = `${base.label}: not compared, because ${why}`;
  const [baseline, candidate] = [sides.baselineVersion, sides.candidateVersion].map((version) => ({
    version,
    ...empty,
  }));
  return {
    metric: { ...base, classification: "nodata", sentence, ...none, ...pair(baseline, candidate) },
    ...{ suspicious: false, expected: false },
  };
}

/** Why a version that costs surely more, or less, than the running one is not blamed for it yet; null: it is. */
function doubtOf(
  name: Name,
  side: MetricResult["classification"],
  sides: Sides,
  count: MetricResult["count"],
): string | null {
  if (shareOnly(name) || (side !== "high" && side !== "low")) return null;
  if (sides.doubt) return sides.doubt;
  if (sides.isWarming && !isSureEarly(count)) return "it has answered too few requests since it has warmed up";
  const quantile = QUANTILES[name];
  const measure = (samples: Sample[]) =>
    quantile === undefined
      ? meanOf(usageValues(name, samples).filter((value) => value !== null))
      : quantileMs(poolOf(samples).latency, quantile);
  return showsThroughout(sides, side, sides.rules.metrics[name], measure)
    ? null
    : "it does not show in each third of the time";
}

const isSureEarly = (count: MetricResult["count"]): boolean =>
  count !== null &&
  count.pValue < BEYOND_DOUBT &&
  Math.min(count.candidateTotal, count.baselineTotal) >= LEAST_FOR_FAILURE;

/** A version all of whose requests were upgraded has no latency, nor has one that warms up, and none is missed. */
const isUntimed = (name: Name, { baseline, candidate, isWarming }: Sides): boolean =>
  isWarming === true ||
  (QUANTILES[name] !== undefined &&
    [baseline, candidate].some((side) => {
      const { counts, latency } = poolOf(side);
      return counts.upgraded > 0 && latency.every((count) => count === 0);
    }));

const percent = (ratio: number) => `${ratio < 1 ? "−" : "+"}${Number((Math.abs(ratio - 1) * 100).toPrecision(2))} %`;

/**
 * How a quantile of all requests together compares. Ours: the quantile of some ten requests jumps about and its mean
 * with it, so that a difference which the ranks see must also be too large where it is measured best.
 */
function overallRatio(name: Name, { baseline, candidate }: Sides): number | null {
  const quantile = QUANTILES[name];
  if (quantile === undefined) return null;
  const [fresh, old] = [candidate, baseline].map((side) => quantileMs(poolOf(side).latency, quantile));
  return fresh && old ? fresh / old : null;
}

const isBorneOut = (ranked: MetricResult["classification"], ratio: number, rule: MetricRule): boolean =>
  ranked === "high" ? ratio > rule.allowedIncrease : ranked !== "low" || ratio < rule.allowedDecrease;

const none = { rank: null, count: null, effect: null };
const pair = (baseline: Side | undefined, candidate: Side | undefined) => {
  const empty: Side = { version: "", samples: [], used: [], mean: null, median: null };
  return { baseline: baseline ?? empty, candidate: candidate ?? empty };
};
/** Shares of requests are told apart by their counts: ranks of mostly zeros are noise at best. */
export const shareOnly = (name: Name) => name === "errorRatio" || name === "logErrorRate";

const describe = (name: Name, rule: MetricRule) => ({
  name,
  ...LABELS[name],
  group: rule.group,
  critical: rule.critical,
  direction: rule.direction,
});

/** Requests per instance; null when the instances were not counted. */
function loadOf(samples: Sample[]): number | null {
  const { requests, usage } = poolOf(samples);
  return usage.instances ? requests / usage.instances : null;
}

function sameLoad({ baseline, candidate }: Sides): boolean {
  const [a, b] = [loadOf(baseline), loadOf(candidate)];
  return a !== null && b !== null && a > 0 && b > 0 && Math.max(a / b, b / a) <= SAME_LOAD;
}

function valuesOf(name: Name, sides: Sides, rule: MetricRule): { baseline: Side; candidate: Side } {
  const side = (version: string, samples: Sample[]): Side => {
    // of minutes before the deployment, which may be many, the last ones
    const values = sampleValues(name, samples.slice(-MOST_SAMPLES), sides).map((value) =>
      value === null ? null : round(value),
    );
    const used = usable(values, rule);
    return { version, samples: values, used, mean: meanOf(used), median: medianOf(used) };
  };
  return {
    baseline: side(sides.baselineVersion, sides.baseline),
    candidate: side(sides.candidateVersion, sides.candidate),
  };
}

const round = (value: number): number => Number(value.toPrecision(6));

function sampleValues(name: Name, samples: Sample[], { baseline, candidate }: Sides): (number | null)[] {
  const quantile = QUANTILES[name];
  if (quantile !== undefined) {
    const perSample = (side: Sample[]) =>
      medianOf(side.filter((one) => one.requests > 0).map((one) => one.requests)) ?? 0;
    const atMost = Math.max(1, Math.round(Math.min(perSample(baseline), perSample(candidate))));
    return quantilesOf(samples, quantile, atMost, dice(samples[0]?.at ?? 0));
  }
  return usageValues(name, samples);
}

/** Of the metrics that are no quantile, a value per sample. */
function usageValues(name: Name, samples: Sample[]): (number | null)[] {
  return samples.map(({ requests, errors, usage }) => {
    const per = (value: number | null, by: number | null) => (value === null || !by ? null : value / by);
    switch (name) {
      case "errorRatio":
        return requests === 0 ? null : errors / requests;
      case "logErrorRate":
        return per(usage.errorLines, requests);
      case "saturation":
        return per(usage.inFlight, usage.instances);
      case "cpuPerRequest":
        return per(usage.cpuMs, requests);
      default:
        return per(usage.memoryBytes, usage.instances);
    }
  });
}

/** The same in counts of requests, where it can be counted. */
function countsOf(name: Name, { baseline, candidate, rules }: Sides, rule: MetricRule) {
  const [old, fresh] = [poolOf(baseline), poolOf(candidate)];
  const quantile = QUANTILES[name];
  if (name === "errorRatio") return compareCounts(countOf(fresh, fresh.errors), countOf(old, old.errors), rules);
  if (name === "logErrorRate") {
    const [a, b] = [fresh.usage.errorLines, old.usage.errorLines];
    return a === null || b === null ? null : compareCounts(countOf(fresh, a), countOf(old, b), rules);
  }
  if (quantile === undefined) return null;
  const edge = slowEdge(old.latency, quantile, rule);
  const slow = ({ latency }: Sample) => latency.slice(edge + 1).reduce((sum, value) => sum + value, 0);
  // as in `Sample.latency`: answered, or given up after a long wait
  const timed = (side: Sample) => ({
    events: slow(side),
    total: side.latency.reduce((sum, value) => sum + value, 0),
  });
  return edge >= BUCKET_COUNT - 1 ? null : compareCounts(timed(fresh), timed(old), rules);
}

/** A request can be followed by several error lines; a share above one is none. */
const countOf = ({ requests }: Sample, events: number) => ({ events: Math.min(events, requests), total: requests });

/**
 * The last bucket of latencies that are still no slower than what the running version's quantile may become. Requests
 * above it are counted: their share shows a slower tail long before quantiles of small samples do.
 */
function slowEdge(latency: readonly number[], quantile: number, rule: MetricRule): number {
  const ms = quantileMs(latency, quantile) ?? 0;
  const accepted = Math.max(ms * rule.allowedIncrease, ms + rule.leastIncrease);
  return bucketOf(accepted);
}

/** For a quantile: so many more of the slow requests that the quantile itself has moved past the edge. */
function limitsOf(name: Name, rule: MetricRule): { least: number; allowed: number } {
  const quantile = QUANTILES[name];
  if (quantile === undefined) return { least: rule.leastIncrease, allowed: rule.allowedIncrease };
  return { least: 1 - quantile, allowed: rule.allowedIncrease };
}
