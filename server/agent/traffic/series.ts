import { quantileMs } from "../kernel/histogram.ts";
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
}

/** The bucket in progress and the one the collector may not have brought yet are left out. */
const newestEndMs = (now: Date): number => Math.floor(now.getTime() / 10_000) * 10_000 - 10_000;

/** What the status is judged over too: a row says one thing of one window. */
export const TRAFFIC_SECONDS = 300;

/**
 * One service's figures: rate, error share and p95 over the newest 5 min of complete 10-second buckets, and the p95
 * of each of the last 60 minutes. Without buckets the rate is 0 when somebody counted, else unknown.
 */
export function trafficFigures(
  recent: readonly TrafficCounts[],
  minutes: readonly TrafficCounts[],
  { now, counted }: Window,
): TrafficFigures {
  const end = newestEndMs(now);
  const sum = sumOf(
    recent.filter((row) => Date.parse(row.bucketAt) >= end - TRAFFIC_SECONDS * 1_000 && Date.parse(row.bucketAt) < end),
    sumOutcomes(recent),
  );
  const start = Math.floor(now.getTime() / 60_000) - 59;
  const byMinute = new Map<number, TrafficCounts[]>();
  for (const row of minutes) {
    const minute = Math.floor(Date.parse(row.bucketAt) / 60_000);
    byMinute.set(minute, [...(byMinute.get(minute) ?? []), row]);
  }
  return {
    requestsPerSecond: counted || sum.requests > 0 ? sum.requests / TRAFFIC_SECONDS : null,
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
