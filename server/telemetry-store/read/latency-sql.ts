import { BUCKET_COUNT, bucketUpperMs, emptyHistogram } from "../../agent/telemetry/histogram.ts";
import { WAITED } from "../../agent/telemetry/span.ts";

const FIRST_MS = bucketUpperMs(0);
const GROWTH = bucketUpperMs(1) / FIRST_MS;

/** `bucketOf` of kernel/histogram.ts, in SQL: of milliseconds that another expression gives. */
const bucketSql = (ms: string): string => `case when ${ms} > ${FIRST_MS}
  then least(${BUCKET_COUNT - 1}, ceil(ln(${ms} / ${FIRST_MS}) / ln(${GROWTH}::float8) - 1e-9))::int2 else 0::int2 end`;

/** What a span says it waited on purpose; whatever else a sender wrote there is not a number and counts as nothing. */
const WAITED_MS = `case when jsonb_typeof(attributes -> '${WAITED}') = 'number'
  then greatest(0, (attributes ->> '${WAITED}')::float8) else 0 end`;

/** Connections that stay open: they last as long as somebody listens, which tells nothing of speed. */
const STAYS_OPEN = `coalesce(coalesce(attributes ->> 'http.response.status_code', attributes ->> 'http.status_code') = '101'
  or attributes ->> 'http.response.header.content-type' like '%text/event-stream%', false)`;

/**
 * The bucket of the time a span served its caller, without what it waited on purpose; null for a stream and for a
 * connection that changed its protocol. By the semantic conventions of OpenTelemetry for HTTP.
 */
export const LATENCY_BUCKET = `case when attributes is null then ${bucketSql("duration_ms")}
  when ${STAYS_OPEN} then null else ${bucketSql(`(duration_ms - ${WAITED_MS})`)} end`;

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
