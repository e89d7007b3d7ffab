import { type QuantileBase, quantileOf, type Waits, waitsOf } from "../kernel/waits.ts";
import type { TrafficCounts } from "../ports/traffic.ts";
import { higherRate, type MeasuredRate, rateOver } from "../telemetry/measured-rate.ts";
import { failedRequests, type OutcomeCounts, sumOutcomes, waitLimitMs } from "../telemetry/outcomes.ts";

/** Pure sums over traffic buckets: rates, shares and quantiles for tables and charts. Times come in as arguments. */

interface Sum {
  requests: number;
  errors: number;
  waits: Waits;
}

/** `reference`: what is usual, of a longer window. */
const sumOf = (rows: readonly TrafficCounts[], reference: OutcomeCounts): Sum => {
  const sum = sumOutcomes(rows);
  const limitMs = waitLimitMs(sum, reference);
  return { requests: sum.requests, errors: failedRequests(sum, limitMs), waits: waitsOf(sum, limitMs) };
};

const percent = (part: number, whole: number): number | null => (whole > 0 ? (part / whole) * 100 : null);

export interface TrafficFigures {
  requestsPerSecond: number | null;
  /** what the rate is over, where that is less than `seconds`; null: all of them */
  overSeconds: number | null;
  errorPercent: number | null;
  p95Ms: number | null;
  /** what the p95 is of, as in `QuantileBase`; fewer than `requests` where some have no latency */
  p95Requests: number;
  p95GaveUp: number;
  p95IsLeast: boolean;
  requests: number;
  /** length of the window of these figures */
  seconds: number;
  p95Series: (number | null)[];
}

interface Window {
  now: Date;
  /** false when nobody counted: rates are then unknown, not zero */
  counted: boolean;
  /** since when the balancer counts without a gap; left out or null: not known */
  countedSince?: Date | null;
}

/**
 * Where every window of these figures ends: the bucket in progress is left out, and the one before it unless it came.
 * A bucket is told when it is complete. One end for rates, counts and shares, or they contradict each other.
 */
function newestEndMs(rows: readonly Pick<TrafficCounts, "bucketAt">[], now: Date): number {
  const presentMs = Math.floor(now.getTime() / BUCKET_MS) * BUCKET_MS;
  const came = rows.some((row) => Date.parse(row.bucketAt) === presentMs - BUCKET_MS);
  return came ? presentMs : presentMs - BUCKET_MS;
}

/** What the status is judged over too: a row says one thing of one window. */
export const TRAFFIC_SECONDS = 300;

const BUCKET_MS = 10_000;

/** When measuring began within a window, in ms: of the balancer, else of the first bucket; null: before it. */
function measuredSince(
  starts: readonly number[],
  fromMs: number,
  { countedSince, isOld }: { countedSince: Date | null; isOld: boolean },
): number | null {
  if (countedSince) return countedSince.getTime() <= fromMs ? null : countedSince.getTime();
  if (isOld || starts.length === 0 || starts.some((atMs) => atMs < fromMs)) return null;
  // its requests began at some time within it
  return Math.min(...starts) + 1;
}

/**
 * Requests per second over the newest `seconds` of complete 10-second buckets, or over their part since the balancer
 * counts, where that is not known since there are requests. The bucket in which that began is of less than its 10 s:
 * it is left out, with its time, unless it holds a burst. `isOld`: it is known that there were requests before the window.
 */
export function requestRate(
  rows: readonly TrafficCounts[],
  { now, counted, countedSince = null, seconds, isOld = false }: Window & { seconds: number; isOld?: boolean },
): MeasuredRate {
  const toMs = newestEndMs(rows, now);
  const whole = rows.filter((row) => Date.parse(row.bucketAt) < toMs);
  const starts = whole.map((row) => Date.parse(row.bucketAt));
  const fromMs = toMs - seconds * 1_000;
  const sinceMs = measuredSince(starts, fromMs, { countedSince, isOld });
  const rateSince = (startMs: number | null): MeasuredRate => {
    const within = whole.filter((_, i) => (starts[i] ?? 0) >= Math.max(fromMs, startMs ?? fromMs));
    if (within.length === 0 && !counted) return { perSecond: null, overSeconds: null };
    const count = within.reduce((sum, { requests }) => sum + requests, 0);
    return rateOver(count, { fromMs, toMs, sinceMs: startMs });
  };
  if (sinceMs === null) return rateSince(null);
  const firstWholeMs = Math.ceil(sinceMs / BUCKET_MS) * BUCKET_MS;
  const isYoung = firstWholeMs >= toMs;
  if (isYoung && countedSince) return { perSecond: null, overSeconds: 0 };
  const all = rateSince(Math.floor(sinceMs / BUCKET_MS) * BUCKET_MS);
  return isYoung ? all : higherRate(all, rateSince(firstWholeMs));
}

/**
 * One service's figures: rate, error share and p95 over the newest 5 min of complete 10-second buckets, and the p95
 * of each of the last 60 minutes; the rate is over less where less was measured. Without buckets the rate is 0 when somebody counted, else unknown.
 */
export function trafficFigures(
  recent: readonly TrafficCounts[],
  minutes: readonly TrafficCounts[],
  window: Window,
): TrafficFigures {
  const { now } = window;
  const end = newestEndMs(recent, now);
  const sum = sumOf(
    recent.filter((row) => Date.parse(row.bucketAt) >= end - TRAFFIC_SECONDS * 1_000 && Date.parse(row.bucketAt) < end),
    sumOutcomes(recent),
  );
  const oldMs = end - TRAFFIC_SECONDS * 1_000 - 60_000;
  const isOld = minutes.some((row) => Date.parse(row.bucketAt) <= oldMs);
  const rate = requestRate(recent, { ...window, seconds: TRAFFIC_SECONDS, isOld });
  const p95 = quantileOf(sum.waits, 0.95);
  const usual = sumOutcomes(minutes);
  const start = Math.floor(now.getTime() / 60_000) - 59;
  const byMinute = new Map<number, TrafficCounts[]>();
  for (const row of minutes) {
    const minute = Math.floor(Date.parse(row.bucketAt) / 60_000);
    byMinute.set(minute, [...(byMinute.get(minute) ?? []), row]);
  }
  return {
    requestsPerSecond: rate.perSecond,
    overSeconds: rate.overSeconds,
    errorPercent: percent(sum.errors, sum.requests),
    p95Ms: p95.ms,
    p95Requests: p95.base.requests,
    p95GaveUp: p95.base.gaveUp,
    p95IsLeast: p95.base.isLeast,
    requests: sum.requests,
    seconds: TRAFFIC_SECONDS,
    p95Series: Array.from(
      { length: 60 },
      (_, i) => quantileOf(sumOf(byMinute.get(start + i) ?? [], usual).waits, 0.95).ms,
    ),
  };
}

interface SeriesPoint {
  t: string;
  requestsPerSecond: number | null;
  errorPercent: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
}

interface Served {
  requests: number;
  failed: number;
  p95Ms: number | null;
  p95Base: QuantileBase;
}

/**
 * Requests, failures and p95 over the newest `seconds` of complete 10-second buckets; null when nobody counted.
 */
export function servedWithin(
  rows: readonly TrafficCounts[],
  { now, counted, seconds }: Window & { seconds: number },
): Served | null {
  const end = newestEndMs(rows, now);
  const within = rows.filter(({ bucketAt }) => {
    const atMs = Date.parse(bucketAt);
    return atMs >= end - seconds * 1_000 && atMs < end;
  });
  if (within.length === 0 && !counted) return null;
  return servedOf(within, sumOutcomes(rows));
}

/** Requests, failures and p95 of these buckets together; `usual` is the sum of a longer window. */
export function servedOf(rows: readonly TrafficCounts[], usual: OutcomeCounts): Served {
  const sum = sumOf(rows, usual);
  const { ms: p95Ms, base: p95Base } = quantileOf(sum.waits, 0.95);
  return { requests: sum.requests, failed: sum.errors, p95Ms, p95Base };
}

/** Every bucket of [from, to) in steps, oldest first; a bucket in which nothing was stored is all nulls. */
export function trafficSeries(
  rows: readonly TrafficCounts[],
  range: { from: Date; to: Date; stepSeconds: number },
): SeriesPoint[] {
  const stepMs = range.stepSeconds * 1_000;
  const first = Math.ceil(range.from.getTime() / stepMs);
  const buckets = new Map<number, TrafficCounts[]>();
  for (const row of rows) {
    const index = Math.floor(Date.parse(row.bucketAt) / stepMs);
    const bucket = buckets.get(index);
    if (bucket) bucket.push(row);
    else buckets.set(index, [row]);
  }
  const usual = sumOutcomes(rows);
  const points: SeriesPoint[] = [];
  for (let index = first; (index + 1) * stepMs <= range.to.getTime(); index++) {
    const found = buckets.get(index);
    const sum = sumOf(found ?? [], usual);
    points.push({
      t: new Date(index * stepMs).toISOString(),
      requestsPerSecond: found ? sum.requests / range.stepSeconds : null,
      errorPercent: percent(sum.errors, sum.requests),
      p50Ms: quantileOf(sum.waits, 0.5).ms,
      p95Ms: quantileOf(sum.waits, 0.95).ms,
      p99Ms: quantileOf(sum.waits, 0.99).ms,
    });
  }
  return points;
}
