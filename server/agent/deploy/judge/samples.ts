import { waitsOf } from "../../kernel/waits.ts";
import type { TrafficCounts, VersionUsage } from "../../ports/traffic.ts";
import { quantileMs } from "../../telemetry/histogram.ts";
import { type OutcomeCounts, sumOutcomes } from "../../telemetry/outcomes.ts";
import { joinUsage } from "../../telemetry/version-usage.ts";
import { type RankedOutcomes, rankOutcomes } from "./ranked-outcomes.ts";

/** Samples that can be compared: both versions' buckets, cut to the same lengths of time. */

/** one version's counts over one sample's time */
export interface Sample {
  at: number;
  requests: number;
  /** requests that failed, whichever way */
  errors: number;
  outcomes: RankedOutcomes;
  /** every class, as it was counted */
  counts: OutcomeCounts;
  /** a client that waited longer and left got no answer */
  limitMs: number;
  /** of answers, and of waits that were given up as at least so long */
  latency: number[];
  /** answers 401 and 403; null where they were not told apart */
  denied: number | null;
  usage: VersionUsage;
}

/** so many requests make a quantile worth comparing … */
const REQUESTS_PER_SAMPLE = 25;
/** … but ranks need some samples to tell sides apart, and more than these add nothing */
const LEAST_SAMPLES = 10;
export const MOST_SAMPLES = 60;

/**
 * How long a sample must be so that the side with fewer requests has enough in each: a canary at 5 % would else be
 * compared by the noise of two or three requests. A multiple of the buckets' own length, in milliseconds.
 */
export function sampleLengthMs(fewestRequests: number, spanMs: number, bucketMs: number): number {
  const buckets = Math.max(1, Math.round(spanMs / bucketMs));
  const wanted = Math.floor(fewestRequests / REQUESTS_PER_SAMPLE);
  const samples = Math.min(buckets, Math.max(LEAST_SAMPLES, Math.min(MOST_SAMPLES, wanted)));
  return Math.ceil(buckets / samples) * bucketMs;
}

/**
 * Sums buckets into samples of `lengthMs`, counted from `fromMs`; oldest first. `limitMs`: from what
 * wait on a client that left had waited too long.
 */
export function samplesOf(rows: readonly TrafficCounts[], fromMs: number, lengthMs: number, limitMs: number): Sample[] {
  const groups = Map.groupBy(rows, (row) => Math.floor((Date.parse(row.bucketAt) - fromMs) / lengthMs));
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([index, members]) => {
      const usage = joinUsage(members.map((row) => row.usage));
      return {
        ...sampleOf(fromMs + index * lengthMs, sumOutcomes(members), usage, limitMs),
        denied: deniedOf(members),
      };
    });
}

function sampleOf(at: number, counts: OutcomeCounts, usage: VersionUsage, limitMs: number): Omit<Sample, "denied"> {
  const outcomes = rankOutcomes(counts, limitMs);
  const latency = waitsOf(counts, limitMs).all;
  return { at, requests: counts.requests, errors: outcomes.failed, outcomes, counts, limitMs, latency, usage };
}

/** Null unless all of them know. */
const deniedOf = (parts: readonly { denied?: number | null | undefined }[]): number | null =>
  parts.reduce<number | null>((sum, { denied }) => (sum === null || denied == null ? null : sum + denied), 0);

/** All of one side together. */
export function poolOf(samples: readonly Sample[]): Sample {
  const counts = sumOutcomes(samples.map((sample) => sample.counts));
  const [first] = samples;
  const usage = joinUsage(samples.map((sample) => sample.usage));
  return { ...sampleOf(first?.at ?? 0, counts, usage, first?.limitMs ?? 0), denied: deniedOf(samples) };
}

/** mulberry32: the same draw for the same data, so that a judgement can be repeated. */
export function dice(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * `count` requests drawn from a histogram without putting them back. The 99th percentile of 25 requests is their
 * slowest, of 2,500 it is not: quantiles are compared at the same number of requests or not at all.
 */
export function thin(histogram: readonly number[], count: number, random: () => number): number[] {
  let left = histogram.reduce((sum, value) => sum + value, 0);
  if (left <= count) return [...histogram];
  let wanted = count;
  return histogram.map((value) => {
    let drawn = 0;
    for (let i = 0; i < value; i++, left--)
      if (wanted > 0 && random() * left < wanted) {
        drawn++;
        wanted--;
      }
    return drawn;
  });
}

/** A quantile per sample; null where a sample has no requests. With `atMost` each is drawn from that many. */
export function quantilesOf(
  samples: readonly Sample[],
  q: number,
  atMost: number,
  random: () => number,
): (number | null)[] {
  return samples.map((sample) => (sample.requests === 0 ? null : quantileMs(thin(sample.latency, atMost, random), q)));
}
