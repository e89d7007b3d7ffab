import {
  addHistogram,
  BUCKET_COUNT,
  bucketOf,
  bucketUpperMs,
  emptyHistogram,
  quantileMs,
} from "../telemetry/histogram.ts";
import type { OutcomeCounts } from "../telemetry/outcomes.ts";

/**
 * How long requests took for those who sent them. A wait that a client gave up is at least as long as it lasted: a
 * figure without it would be too good. Who left at once waited for nothing and is not counted.
 */
export interface Waits {
  /** answers, and waits that were given up as at least so long; buckets of histogram.ts */
  all: number[];
  givenUp: number[];
}

/** What a quantile is of. */
export interface QuantileBase {
  /** that were answered or whose clients gave up */
  requests: number;
  /** of them, those whose clients gave up */
  gaveUp: number;
  /** the quantile is at least what it says: waits that were given up lie below it or in its bucket */
  isLeast: boolean;
}

/** `limitMs`: from what wait on a client that left had waited too long, as `waitLimitMs` finds it. */
export function waitsOf({ latency, leftAfter }: Pick<OutcomeCounts, "latency" | "leftAfter">, limitMs: number): Waits {
  const from = limitMs === Infinity ? BUCKET_COUNT : bucketOf(limitMs);
  const givenUp = emptyHistogram().map((_, i) => (i >= from ? (leftAfter[i] ?? 0) : 0));
  const all = [...givenUp];
  addHistogram(all, latency);
  return { all, givenUp };
}

/** The q-quantile in ms, and what it is of; `ms` is null when there is nothing. Where only a bound is known, it is that. */
export function quantileOf({ all, givenUp }: Waits, q: number): { ms: number | null; base: QuantileBase } {
  const ms = quantileMs(all, q);
  const bucket = ms === null ? 0 : bucketOf(ms);
  const isLeast = ms !== null && givenUp.slice(0, bucket + 1).some((count) => count > 0);
  const base = { requests: sumOf(all), gaveUp: sumOf(givenUp), isLeast };
  return { ms: isLeast && bucket > 0 ? bucketUpperMs(bucket - 1) : ms, base };
}

const sumOf = (histogram: readonly number[]): number => histogram.reduce((sum, count) => sum + count, 0);
