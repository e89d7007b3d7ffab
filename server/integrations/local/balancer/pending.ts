import type { TrafficCounts } from "#server/agent/ports/traffic.ts";
import { addHistogram, bucketOf, emptyHistogram } from "#server/agent/telemetry/histogram.ts";
import type { Exchange } from "./exchange.ts";

/** Requests that have not ended, by how long they have waited: in the buckets of kernel/histogram.ts. */

function pendingByVersion(active: Iterable<Exchange>): Map<string, number[]> {
  const waits = new Map<string, number[]>();
  for (const { pending } of active) {
    if (pending === null) continue;
    const histogram = waits.get(pending.version) ?? emptyHistogram();
    waits.set(pending.version, histogram);
    const index = bucketOf(pending.waitedMs);
    histogram[index] = (histogram[index] ?? 0) + 1;
  }
  return waits;
}

/** All versions together; null when nothing waits. */
export function pendingOfAll(active: Iterable<Exchange>): number[] | null {
  const [first, ...more] = pendingByVersion(active).values();
  if (!first) return null;
  for (const waits of more) addHistogram(first, waits);
  return first;
}

/** What has not ended is in no bucket's counts: the newest of each version says how long it has waited by now. */
export function withPending(rows: TrafficCounts[], active: Iterable<Exchange>): TrafficCounts[] {
  for (const [version, pending] of pendingByVersion(active)) {
    const newest = rows.findLast((row) => row.version === version);
    if (newest) newest.pending = pending;
  }
  return rows;
}
