import type { z } from "zod";
import type { TrafficCounts } from "../../ports/traffic.ts";
import { quantileMs } from "../../telemetry/histogram.ts";
import { sumOutcomes, waitLimitMs } from "../../telemetry/outcomes.ts";
import { groupedCount, threeDigits } from "../../text/numbers.ts";
import type { AnalysisRules, JudgedMetric } from "../config.ts";
import { BEYOND_DOUBT, isSure, LEAST_FOR_FAILURE, meanOf, SUSPICIOUS } from "../judge/classify.ts";
import { fisherExact, newcombe } from "../judge/count-test.ts";
import { mannWhitney } from "../judge/rank-test.ts";
import { poolOf, samplesOf } from "../judge/samples.ts";
import type { ComparedMetric } from "../schema.ts";

/** Version against version in words with numbers, for people. The judge's statistics and its limits of sureness. Pure. */

export type Compared = z.infer<typeof ComparedMetric>;
type Unit = Compared["unit"];

/** a day in samples of 10 s would say no more, and take seconds to rank */
const MOST_SAMPLES = 180;
const LEAST_REQUESTS = 30;
const LEAST_SAMPLES = 4;
/** cost per request is compared up to this ratio of requests per instance */
const SAME_LOAD = 2;
const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
/** of ranks, which see less than counts do */
const PROBABLE = 0.1;
/** told only where there are any */
const UPGRADES = "notUpgraded";
/** a relative difference below it is neither better nor worse */
const SMALL = 0.05;
/** The judge's rule for a measure says how much of a difference is allowed. */
const JUDGED_AS: Partial<Record<string, JudgedMetric>> = {
  errorRatio: "errorRatio",
  otherAnswers: "outcomes",
  [UPGRADES]: "outcomes",
  latencyP50: "latencyP50",
  latencyP95: "latencyP95",
  latencyP99: "latencyP99",
  cpuPerRequest: "cpuPerRequest",
  memoryPerInstance: "memoryPerInstance",
  errorLines: "logErrorRate",
};
/** Shares are in percent here, and lines are of 100 requests. */
const OF_SHARES: readonly (JudgedMetric | undefined)[] = ["errorRatio", "outcomes", "logErrorRate"];

/** Whether a difference is seen, and between what bounds it lies, in the measure's unit. */
interface Tested {
  p: number;
  low: number;
  high: number;
}

interface Facts {
  name: string;
  label: string;
  unit: Unit;
  /** what more of it means */
  more: "better" | "worse" | "neither";
  baseline: number | null;
  candidate: number | null;
  /** null: cannot be told */
  test: Tested | null;
  why?: string;
  /** told by counts of requests; else by ranks of samples */
  counted?: boolean;
  counts?: Compared["counts"];
}

/** What the judge of the service goes by. */
export type Limits = Pick<AnalysisRules, "confidence" | "minRequests" | "metrics">;

/** Of one value: ten seconds, for long spans more, then in whole minutes as they are stored. */
function sampleLengthMs(seconds: number): number {
  const least = seconds / MOST_SAMPLES;
  const unit = least > 60 ? 60 : 10;
  return Math.max(1, Math.ceil(least / unit)) * unit * 1_000;
}

/** Both sides' buckets, and the seconds they cover; empty when a version was not counted. */
export function compareCounts(
  baseline: readonly TrafficCounts[],
  candidate: readonly TrafficCounts[],
  seconds: { baseline: number; candidate: number },
  limits: Limits,
): Compared[] {
  const lengthMs = sampleLengthMs(Math.max(seconds.baseline, seconds.candidate));
  const limitMs = waitLimitMs(sumOutcomes(candidate), sumOutcomes(baseline));
  const sides = [baseline, candidate].map((rows) => {
    const first = Math.min(...rows.map((row) => Date.parse(row.bucketAt)), Infinity);
    const samples = samplesOf(rows, first, lengthMs, limitMs);
    return { samples, pool: poolOf(samples) };
  });
  const [old, fresh] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const enough = Math.min(old.pool.requests, fresh.pool.requests) >= LEAST_REQUESTS;
  const fewWhy = `too few requests to tell (${Math.min(old.pool.requests, fresh.pool.requests)})`;

  type Sample = (typeof old.samples)[number];
  const valuesOf = (samples: Sample[], value: (sample: Sample) => number | null) =>
    samples.flatMap((sample) => value(sample) ?? []);
  const { confidence } = limits;
  const ranked = (value: (sample: Sample) => number | null): Tested | null => {
    const [a, b] = [valuesOf(fresh.samples, value), valuesOf(old.samples, value)];
    if (Math.min(a.length, b.length) < LEAST_SAMPLES) return null;
    const range = Math.max(...a, ...b) - Math.min(...a, ...b);
    if (range === 0) return { p: 1, low: 0, high: 0 };
    const { pValue: p, low, high } = mannWhitney(a, b, { confidence, tolerance: range * 1e-6 });
    return { p, low, high };
  };
  const mean = (samples: Sample[], value: (sample: Sample) => number | null) => meanOf(valuesOf(samples, value));

  const notOk = ({ requests, outcomes }: Sample) => requests - outcomes.ok - outcomes.upgraded;
  const notUpgraded = ({ requests, outcomes }: Sample) => requests - outcomes.upgraded;
  const percent = (events: number | null, total: number) =>
    total === 0 || events === null ? null : (events / total) * 100;
  const counted = (part: (pool: Sample) => number | null, why: string): Omit<Facts, "name" | "label" | "unit"> => {
    const sideOf = ({ pool }: typeof old) => ({ events: part(pool), total: pool.requests });
    const [b, c] = [sideOf(old), sideOf(fresh)];
    const known = b.events !== null && c.events !== null && b.total > 0 && c.total > 0;
    return {
      ...{ more: "worse", counted: true, why },
      baseline: percent(b.events, b.total),
      candidate: percent(c.events, c.total),
      counts: known ? { baseline: b, candidate: c } : null,
      test: known && enough ? testOf(c, b, confidence) : null,
    };
  };
  const latency = (q: number, label: string): Facts => ({
    ...{ name: `latencyP${q * 100}`, label, unit: "ms", more: "worse" },
    baseline: quantileMs(old.pool.latency, q),
    candidate: quantileMs(fresh.pool.latency, q),
    test: enough ? ranked((sample) => (sample.requests === 0 ? null : quantileMs(sample.latency, q))) : null,
    why: enough ? "too short to tell" : fewWhy,
  });
  const usage = (name: string, label: string, unit: Unit, value: (sample: Sample) => number | null): Facts => ({
    ...{ name, label, unit, more: "worse" },
    baseline: mean(old.samples, value),
    candidate: mean(fresh.samples, value),
    test: ranked(value),
    why: "not measured often enough to tell",
  });
  const per = (part: number | null, whole: number | null) => (part === null || !whole ? null : part / whole);
  const load = ({ requests, usage: { instances } }: Sample, span: number) => per(per(requests, instances), span);
  const loads = [load(old.pool, seconds.baseline), load(fresh.pool, seconds.candidate)];
  const alike =
    loads.every((one) => one !== null) && Math.max(...known(loads)) <= SAME_LOAD * Math.min(...known(loads));
  const cpu = usage("cpuPerRequest", "CPU time per request", "ms", ({ requests, usage: { cpuMs } }) =>
    per(cpuMs, requests),
  );
  // what an idle instance takes weighs on a version with little to do
  const cpuAtLoad: Facts = alike ? cpu : { ...cpu, test: null, why: "at a very different load per instance" };
  const facts: Facts[] = [
    { name: "errorRatio", label: "error ratio", unit: "percent", ...counted((pool) => pool.errors, fewWhy) },
    { name: "otherAnswers", label: "answers other than 2xx", unit: "percent", ...counted(notOk, fewWhy) },
    { name: UPGRADES, label: "requests without an upgrade", unit: "percent", ...counted(notUpgraded, fewWhy) },
    latency(0.5, "median latency over all requests"),
    latency(0.95, "p95 latency over all requests"),
    latency(0.99, "p99 latency over all requests"),
    cpuAtLoad,
    usage("memoryPerInstance", "memory per instance", "bytes", ({ usage: one }) => per(one.memoryBytes, one.instances)),
    {
      ...{ name: "errorLines", label: "error lines in the log per 100 requests", unit: "count" },
      ...counted((pool) => pool.usage.errorLines, fewWhy),
    },
    {
      ...{ name: "requestRate", label: "requests", unit: "perSecond", more: "neither" },
      baseline: per(old.pool.requests, seconds.baseline),
      candidate: per(fresh.pool.requests, seconds.candidate),
      test: null,
    },
    {
      ...{ name: "instances", label: "instances", unit: "count", more: "neither" },
      baseline: mean(old.samples, ({ usage: { instances } }) => instances),
      candidate: mean(fresh.samples, ({ usage: { instances } }) => instances),
      test: null,
    },
  ];
  const fewest = Math.min(old.pool.requests, fresh.pool.requests);
  const upgrades = [old, fresh].some(({ pool }) => pool.outcomes.upgraded > 0);
  return facts
    .filter(({ name }) => upgrades || name !== UPGRADES)
    .map((one) => describeFacts(one, certaintyOf(one, fewest, limits), limits));
}

/** As the judge tests counts. A request can be followed by several error lines; a share above one is none. */
function testOf(
  candidate: { events: number | null; total: number },
  baseline: { events: number | null; total: number },
  confidence: number,
): Tested {
  const share = ({ events, total }: typeof candidate) => [Math.min(events ?? 0, total), total] as const;
  const counts = [...share(candidate), ...share(baseline)] as const;
  const { low, high } = newcombe(...counts, confidence);
  return { p: fisherExact(...counts), low: low * 100, high: high * 100 };
}

function describeFacts(facts: Facts, certainty: Compared["certainty"], limits: Limits): Compared {
  const { name, label, unit, more, baseline, candidate, test, why, counts = null } = facts;
  const common = { name, label, unit, baseline, candidate, counts };
  if (baseline === null || candidate === null) {
    const known = baseline === null && candidate === null ? "not known" : "known of one version only";
    return {
      ...common,
      ...{ difference: null, ratio: null, certainty: "unknown", better: "unknown", sentence: `${label}: ${known}` },
    };
  }
  const difference = candidate - baseline;
  const ratio = baseline === 0 ? null : difference / baseline;
  const better = betterOf(facts, certainty, { baseline, candidate }, limits);
  const [before, after] = [
    amount(baseline, unit) + baseOf(unit, counts?.baseline),
    amount(candidate, unit) + baseOf(unit, counts?.candidate),
  ];
  const change =
    difference === 0
      ? `${label} the same, ${counts ? `${before} and ${after}` : after}`
      : `${label} ${before} → ${after}: ${changeOf(difference, ratio, unit)}`;
  const end = more === "neither" ? "" : test === null ? `, ${why}` : endOf(better, certainty, difference);
  return { ...common, difference, ratio, certainty, better, sentence: `${change}${end}` };
}

/** ` (3 of 61)`; of what has no share, as lines, ` (3 in 61)` */
const baseOf = (unit: Unit, count: NonNullable<Compared["counts"]>["baseline"] | undefined): string =>
  count ? ` (${groupedCount(count.events ?? 0)} ${unit === "percent" ? "of" : "in"} ${groupedCount(count.total)})` : "";

function endOf(better: Compared["better"], certainty: Compared["certainty"], difference: number): string {
  if (better === "same") return difference === 0 ? "" : ", within what is allowed";
  if (difference === 0) return ", too little to rule a difference out";
  return `, ${IN_WORDS[certainty]}`;
}

/** Never sure where the judge is not: of counts by its limit for counts, and of too few requests only beyond doubt. */
function certaintyOf({ test, counted = false }: Facts, fewest: number, limits: Limits): Compared["certainty"] {
  if (test === null) return "unknown";
  const { p } = test;
  const { confidence, minRequests } = limits;
  const enough = fewest >= minRequests || (counted && fewest >= LEAST_FOR_FAILURE && p < BEYOND_DOUBT);
  const sure = enough && (counted ? isSure({ pValue: p }, { confidence }) : p < 1 - confidence);
  if (sure) return "sure";
  return p < (counted ? SUSPICIOUS : PROBABLE) ? "probable" : "unsure";
}

const IN_WORDS = {
  sure: "sure",
  probable: "probable, not sure yet",
  unsure: "which may be chance",
  unknown: "",
} as const;

/** No difference is said only where none beyond what is allowed is left possible; else it is not sure. */
function betterOf(
  { name, more, test }: Facts,
  certainty: Compared["certainty"],
  { baseline, candidate }: { baseline: number; candidate: number },
  limits: Limits,
): Compared["better"] {
  if (more === "neither" || test === null) return "unknown";
  const difference = candidate - baseline;
  const [less, most] = [Math.min(baseline, candidate), Math.max(baseline, candidate)];
  if (Math.abs(difference) < SMALL * most || difference === 0 || certainty === "unsure") {
    const allowed = allowedOf(name, less, limits);
    const within = Math.max(Math.abs(difference), -test.low, test.high) <= allowed;
    return within ? "same" : "unsure";
  }
  return difference > 0 === (more === "worse") ? "worse" : "better";
}

/** The difference that the judge accepts, in the measure's unit. `value`: the lower of the two sides. */
function allowedOf(name: string, value: number, { metrics }: Limits): number {
  const judged = JUDGED_AS[name];
  const rule = judged && metrics[judged];
  if (!rule) return 0;
  const least = OF_SHARES.includes(judged) ? rule.leastIncrease * 100 : rule.leastIncrease;
  return Math.max(least, rule.effect === "meanRatio" ? (rule.allowedIncrease - 1) * value : 0);
}

function amount(value: number, unit: Unit): string {
  switch (unit) {
    case "percent":
      return `${threeDigits(value)} %`;
    case "ms":
      return `${threeDigits(value)} ms`;
    case "bytes":
      return `${threeDigits(value / 1_048_576)} MiB`;
    case "perSecond":
      return `${threeDigits(value)} /s`;
    case "count":
      return threeDigits(value);
  }
}

function changeOf(difference: number, ratio: number | null, unit: Unit): string {
  const sign = difference < 0 ? "−" : "+";
  const size = Math.abs(difference);
  const absolute = unit === "percent" ? `${threeDigits(size)} points` : amount(size, unit);
  const relative = unit === "percent" || ratio === null ? "" : ` (${sign}${threeDigits(Math.abs(ratio) * 100)} %)`;
  return `${sign}${absolute}${relative}`;
}

const WEIGHT = [
  "errorRatio",
  "otherAnswers",
  UPGRADES,
  "latencyP95",
  "latencyP99",
  "latencyP50",
  "errorLines",
  "cpuPerRequest",
  "memoryPerInstance",
];

/** Whether what users notice was compared: less memory alone makes no version better. An upgrade has no latency. */
function isJudged(metrics: readonly Compared[]): boolean {
  const isKnown = (name: string) => metrics.some((one) => one.name === name && one.certainty !== "unknown");
  return isKnown("errorRatio") && (isKnown("latencyP95") || isKnown(UPGRADES));
}

/** What matters most, first: what is worse, else what is better, else that there is no difference to be seen. */
export function summarise(candidate: string, baseline: string, metrics: readonly Compared[]): string {
  const of = (better: Compared["better"]) =>
    WEIGHT.flatMap((name) => metrics.find((metric) => metric.name === name && metric.better === better) ?? []);
  const [worse, good] = [of("worse"), of("better")];
  const is = (found: readonly Compared[]) => (found.some((one) => one.certainty === "sure") ? "is" : "is perhaps");
  if (worse.length > 0)
    return `${candidate} ${is(worse)} worse than ${baseline}: ${worse.map((one) => one.sentence).join("; ")}`;
  if (metrics.every((metric) => metric.certainty === "unknown"))
    return `There is too little to compare ${candidate} with ${baseline} by`;
  if (!isJudged(metrics))
    return `There is too little to compare ${candidate} with ${baseline} by: errors and latency cannot be told yet${good.length > 0 ? `. All that is known is what it takes: ${good.map((one) => one.sentence).join("; ")}` : ""}`;
  if (good.length > 0)
    return `${candidate} ${is(good)} better than ${baseline}: ${good.map((one) => one.sentence).join("; ")}`;
  const open = of("unsure").map((one) => one.label);
  return open.length === 0
    ? `No difference between ${candidate} and ${baseline} by more than is allowed`
    : `Not sure whether ${candidate} differs from ${baseline}: too little was counted to tell it of ${open.join(", ")}`;
}
