import { bucketOf, emptyHistogram } from "../../telemetry/histogram.ts";

/** The filled buckets of a latency histogram, one number each: bucket × 2^20 + count. A rollup row stores these. */
const COUNT_BITS = 20;
const COUNT_MASK = 2 ** COUNT_BITS - 1;

/** Codes of a few latencies in milliseconds, by rising bucket. */
export function encodeLatencies(latenciesMs: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const latencyMs of latenciesMs) {
    const bucket = bucketOf(latencyMs);
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => a[0] - b[0]).map(([bucket, count]) => bucket * 2 ** COUNT_BITS + count);
}

/** Adds the counts of `codes` to a dense histogram, in place. */
export function addCodes(histogram: number[], codes: readonly number[]): void {
  for (const code of codes) {
    const bucket = code >>> COUNT_BITS;
    histogram[bucket] = (histogram[bucket] ?? 0) + (code & COUNT_MASK);
  }
}

export function decodeLatencies(codes: readonly number[]): number[] {
  const histogram = emptyHistogram();
  addCodes(histogram, codes);
  return histogram;
}
