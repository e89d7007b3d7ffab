import { quantileMs } from "../kernel/histogram.ts";
import { type MeasuredRate, rateOver } from "../kernel/measured-rate.ts";
import { failedRequests, type OutcomeCounts, sumOutcomes, waitLimitMs } from "../kernel/outcomes.ts";
import type { TrafficCounts } from "../ports/platform.ts";

/** Pure sums over traffic buckets: rates, shares and quantiles for tables and charts. Times come in as arguments. */

interface Sum {
  requests: number;
  errors: number;
  latency: number[];
}

/** `reference`: what is usual, of a longer window. */
const sumOf = (rows: readonly TrafficCounts[], reference: OutcomeCounts): Sum => {
  const sum = sumOutcomes(rows);
  const errors = failedRequests(sum, waitLimitMs(sum, reference));
  return { requests: sum.requests, errors, latency: sum.latency };
};

const percent = (part: number, whole: number): number | null => (whole > 0 ? (part / whole) * 100 : null);

export interface TrafficFigures {
  requestsPerSecond: number | null;
  /** what the rate is over, where that is less than `seconds`; null: all of them */
  overSeconds: number | null;
  errorPercent: number | null;
  p95Ms: number | null;
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

/** The bucket in progress and the one the collector may not have brought yet are left out. */
const newestEndMs = (now: Date): number => Math.floor(now.getTime() / 10_000) * 10_000 - 10_000;

/** What the status is judged over too: a row says one thing of one window. */
export const TRAFFIC_SECONDS = 300;

const BUCKET_MS = 10_000;

/** When measuring began within a window, as the start of the first complete bucket; null: before it. */
function measuredSince(
  starts: readonly number[],
  fromMs: number,
  { countedSince, isOld }: { countedSince: Date | null; isOld: boolean },
): number | null {
  if (countedSince ? countedSince.getTime() <= fromMs : isOld || starts.some((atMs) => atMs < fromMs)) return null;
  const countedMs = countedSince?.getTime() ?? fromMs;
  const firstMs = Math.min(...starts.filter((atMs) => atMs + BUCKET_MS > countedMs));
  // the bucket in which requests began is of less than its 10 s
  if (firstMs !== Number.POSITIVE_INFINITY) return firstMs + BUCKET_MS;
  return countedSince ? Math.ceil(countedMs / BUCKET_MS) * BUCKET_MS : null;
}

/**
 * Requests per second over the newest `seconds` of complete 10-second buckets, or over their part since there are
 * requests or somebody counts them. `isOld`: it is known that there were requests before the window.
 */
export function requestRate(
  rows: readonly TrafficCounts[],
  { now, counted, countedSince = null, seconds, isOld = false }: Window & { seconds: number; isOld?: boolean },
): MeasuredRate {
  const presentMs = Math.floor(now.getTime() / BUCKET_MS) * BUCKET_MS;
  const whole = rows.filter((row) => Date.parse(row.bucketAt) + BUCKET_MS <= presentMs);
  const starts = whole.map((row) => Date.parse(row.bucketAt));
  // a bucket is told when it is complete: the newest that came is the end
  const toMs = Math.max(newestEndMs(now), ...starts.map((atMs) => atMs + BUCKET_MS));
  const fromMs = toMs - seconds * 1_000;
  const sinceMs = measuredSince(starts, fromMs, { countedSince, isOld });
  const within = whole.filter((_, i) => (starts[i] ?? 0) >= Math.max(fromMs, sinceMs ?? fromMs));
  if (within.length === 0 && !counted) return { perSecond: null, overSeconds: null };
  const count = within.reduce((sum, { requests }) => sum + requests, 0);
  return rateOver(count, { fromMs, toMs, sinceMs });
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
  const end = newestEndMs(now);
  const sum = sumOf(
    recent.filter((row) => Date.parse(row.bucketAt) >= end - TRAFFIC_SECONDS * 1_000 && Date.parse(row.bucketAt) < end),
    sumOutcomes(recent),
  );
  const oldMs = end - TRAFFIC_SECONDS * 1_000 - 60_000;
  const isOld = minutes.some((row) => Date.parse(row.bucketAt) <= oldMs);
  const rate = requestRate(recent, { ...window, seconds: TRAFFIC_SECONDS, isOld });
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
    p95Ms: quantileMs(sum.latency, 0.95),
    requests: sum.requests,
    seconds: TRAFFIC_SECONDS,
    p95Series: Array.from({ length: 60 }, (_, i) =>
      quantileMs(sumOutcomes(byMinute.get(start + i) ?? []).latency, 0.95),
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

/**
 * Requests, failures and p95 over the newest `seconds` of complete 10-second buckets; null when nobody counted.
 */
export function servedWithin(
  rows: readonly TrafficCounts[],
  { now, counted, seconds }: Window & { seconds: number },
): { requests: number; failed: number; p95Ms: number | null } | null {
  const end = newestEndMs(now);
  const within = rows.filter(({ bucketAt }) => {
    const atMs = Date.parse(bucketAt);
    return atMs >= end - seconds * 1_000 && atMs < end;
  });
  if (within.length === 0 && !counted) return null;
  const sum = sumOf(within, sumOutcomes(rows));
  return { requests: sum.requests, failed: sum.errors, p95Ms: quantileMs(sum.latency, 0.95) };
}

/** What each bucket served, all versions together, oldest first. */
export function servedByBucket(rows: readonly TrafficCounts[]) {
  const usual = sumOutcomes(rows);
  return [...Map.groupBy(rows, ({ bucketAt }) => bucketAt)]
    .sort(([a], [b]) => Date.parse(a) - Date.parse(b))
    .map(([bucketAt, of]) => {
      const { requests, errors, latency } = sumOf(of, usual);
      return { bucketAt, served: { requests, failed: errors, p95Ms: quantileMs(latency, 0.95) } };
    });
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
      p50Ms: quantileMs(sum.latency, 0.5),
      p95Ms: quantileMs(sum.latency, 0.95),
      p99Ms: quantileMs(sum.latency, 0.99),
    });
  }
  return points;
}
