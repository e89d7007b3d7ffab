import type { z } from "zod";
import type { AnalysisRules } from "../config-deployment.ts";
import { quantileMs } from "../kernel/histogram.ts";
import { threeDigits } from "../kernel/numbers.ts";
import { sumOutcomes, waitLimitMs } from "../kernel/outcomes.ts";
import type { TrafficCounts } from "../ports/platform.ts";
import { BEYOND_DOUBT, isSure, LEAST_FOR_FAILURE, meanOf, SUSPICIOUS } from "./judge/classify.ts";
import { fisherExact } from "./judge/count-test.ts";
import { mannWhitney } from "./judge/rank-test.ts";
import { poolOf, samplesOf } from "./judge/samples.ts";
import type { ComparedMetric } from "./schema.ts";

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
/** a relative difference below it is called none, unless it is sure */
const SMALL = 0.05;

interface Facts {
  name: string;
  label: string;
  unit: Unit;
  /** what more of it means */
  more: "better" | "worse" | "neither";
  baseline: number | null;
  candidate: number | null;
  /** null: cannot be told */
  p: number | null;
  why?: string;
  /** told by counts of requests; else by ranks of samples */
  counted?: boolean;
}

/** What the judge of the service goes by. */
export type Limits = Pick<AnalysisRules, "confidence" | "minRequests">;

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
  const ranked = (value: (sample: Sample) => number | null): number | null => {
    const [a, b] = [valuesOf(fresh.samples, value), valuesOf(old.samples, value)];
    if (Math.min(a.length, b.length) < LEAST_SAMPLES) return null;
    return new Set([...a, ...b]).size === 1 ? 1 : mannWhitney(a, b).pValue;
  };
  const mean = (samples: Sample[], value: (sample: Sample) => number | null) => meanOf(valuesOf(samples, value));

  const errors = (pool: Sample) => (pool.requests === 0 ? null : (pool.errors / pool.requests) * 100);
  const notOk = ({ requests, outcomes }: Sample) => requests - outcomes.ok - outcomes.upgraded;
  const notUpgraded = ({ requests, outcomes }: Sample) => requests - outcomes.upgraded;
  const percent = (part: (pool: Sample) => number, pool: Sample) =>
    pool.requests === 0 ? null : (part(pool) / pool.requests) * 100;
  const latency = (q: number, label: string): Facts => ({
    ...{ name: `latencyP${q * 100}`, label, unit: "ms", more: "worse" },
    baseline: quantileMs(old.pool.latency, q),
    candidate: quantileMs(fresh.pool.latency, q),
    p: enough ? ranked((sample) => (sample.requests === 0 ? null : quantileMs(sample.latency, q))) : null,
    why: enough ? "too short to tell" : fewWhy,
  });
  const usage = (name: string, label: string, unit: Unit, value: (sample: Sample) => number | null): Facts => ({
    ...{ name, label, unit, more: "worse" },
    baseline: mean(old.samples, value),
    candidate: mean(fresh.samples, value),
    p: ranked(value),
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
  const cpuAtLoad: Facts = alike ? cpu : { ...cpu, p: null, why: "at a very different load per instance" };
  const facts: Facts[] = [
    {
      ...{ name: "errorRatio", label: "error ratio", unit: "percent", more: "worse" },
      baseline: errors(old.pool),
      candidate: errors(fresh.pool),
      counted: true,
      p: enough ? fisherExact(fresh.pool.errors, fresh.pool.requests, old.pool.errors, old.pool.requests) : null,
      why: fewWhy,
    },
    {
      ...{ name: "otherAnswers", label: "answers other than 2xx", unit: "percent", more: "worse" },
      baseline: percent(notOk, old.pool),
      candidate: percent(notOk, fresh.pool),
      counted: true,
      p: enough ? fisherExact(notOk(fresh.pool), fresh.pool.requests, notOk(old.pool), old.pool.requests) : null,
      why: fewWhy,
    },
    {
      ...{ name: UPGRADES, label: "requests without an upgrade", unit: "percent", more: "worse" },
      baseline: percent(notUpgraded, old.pool),
      candidate: percent(notUpgraded, fresh.pool),
      counted: true,
      p: enough
        ? fisherExact(notUpgraded(fresh.pool), fresh.pool.requests, notUpgraded(old.pool), old.pool.requests)
        : null,
      why: fewWhy,
    },
    latency(0.5, "median latency"),
    latency(0.95, "p95 latency"),
    latency(0.99, "p99 latency"),
    cpuAtLoad,
    usage("memoryPerInstance", "memory per instance", "bytes", ({ usage: one }) => per(one.memoryBytes, one.instances)),
    usage("errorLines", "error lines in the log per 100 requests", "count", ({ requests, usage: { errorLines } }) =>
      per(errorLines === null ? null : errorLines * 100, requests),
    ),
    {
      ...{ name: "requestRate", label: "requests", unit: "perSecond", more: "neither" },
      baseline: per(old.pool.requests, seconds.baseline),
      candidate: per(fresh.pool.requests, seconds.candidate),
      p: null,
    },
    {
      ...{ name: "instances", label: "instances", unit: "count", more: "neither" },
      baseline: mean(old.samples, ({ usage: { instances } }) => instances),
      candidate: mean(fresh.samples, ({ usage: { instances } }) => instances),
      p: null,
    },
  ];
  const fewest = Math.min(old.pool.requests, fresh.pool.requests);
  const upgrades = [old, fresh].some(({ pool }) => pool.outcomes.upgraded > 0);
  return facts
    .filter(({ name }) => upgrades || name !== UPGRADES)
    .map((one) => describeFacts(one, certaintyOf(one, fewest, limits)));
}

function describeFacts(facts: Facts, certainty: Compared["certainty"]): Compared {
  const { name, label, unit, more, baseline, candidate, p, why } = facts;
  const common = { name, label, unit, baseline, candidate };
  if (baseline === null || candidate === null) {
    const known = baseline === null && candidate === null ? "not known" : "known of one version only";
    return {
      ...common,
      ...{ difference: null, ratio: null, certainty: "unknown", better: "unknown", sentence: `${label}: ${known}` },
    };
  }
  const difference = candidate - baseline;
  const ratio = baseline === 0 ? null : difference / baseline;
  const better = betterOf(more, certainty, difference, ratio);
  const change =
    difference === 0
      ? `${label} the same, ${amount(candidate, unit)}`
      : `${label} ${amount(baseline, unit)} → ${amount(candidate, unit)}: ${changeOf(difference, ratio, unit)}`;
  const end = more === "neither" ? "" : p === null ? `, ${why}` : difference === 0 ? "" : `, ${IN_WORDS[certainty]}`;
  return { ...common, difference, ratio, certainty, better, sentence: `${change}${end}` };
}

/** Never sure where the judge is not: of counts by its limit for counts, and of too few requests only beyond doubt. */
function certaintyOf({ p, counted = false }: Facts, fewest: number, limits: Limits): Compared["certainty"] {
  if (p === null) return "unknown";
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

function betterOf(
  more: Facts["more"],
  certainty: Compared["certainty"],
  difference: number,
  ratio: number | null,
): Compared["better"] {
  if (more === "neither" || certainty === "unknown") return "unknown";
  const small = difference === 0 || (ratio !== null && Math.abs(ratio) < SMALL);
  if (small || certainty === "unsure") return "same";
  return difference > 0 === (more === "worse") ? "worse" : "better";
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
  return `No difference between ${candidate} and ${baseline} that could not be chance`;
}
