import { BUCKET_COUNT, bucketUpperMs, emptyHistogram } from "../../agent/kernel/histogram.ts";

const FIRST_MS = bucketUpperMs(0);
const GROWTH = bucketUpperMs(1) / FIRST_MS;

/** `bucketOf` of kernel/histogram.ts, in SQL. */
export const LATENCY_BUCKET = `case when duration_ms > ${FIRST_MS}
  then least(${BUCKET_COUNT - 1}, ceil(ln(duration_ms / ${FIRST_MS}) / ln(${GROWTH}::float8) - 1e-9))::int2 else 0::int2 end`;

/** A histogram without its empty buckets, as the tables have it. */
export interface SparseLatency {
  latency_buckets: number[];
  latency_counts: number[];
}

function addSparse(into: number[], { latency_buckets, latency_counts }: SparseLatency): void {
  latency_buckets.forEach((bucket, i) => {
    into[bucket] = (into[bucket] ?? 0) + (latency_counts[i] ?? 0);
  });
}

/** Sums of several rows of one thing. */
export function sumCalls(rows: readonly (SparseLatency & { calls: string; errors: string })[]) {
  const latency = emptyHistogram();
  let [calls, errors] = [0, 0];
  for (const row of rows) {
    calls += Number(row.calls);
    errors += Number(row.errors);
    addSparse(latency, row);
  }
  return { calls, errors, latency };
}
