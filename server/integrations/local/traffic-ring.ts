import { BUCKET_COUNT, bucketOf } from "#server/agent/kernel/histogram.ts";
import type { ServiceRef, TrafficCounts } from "#server/agent/ports/platform.ts";

/** What one balancer counted, in 10-second buckets per version, for the last 15 minutes. */

const BUCKET_MS = 10_000;
const KEPT_BUCKETS = 90;

interface Bucket {
  startMs: number;
  requests: number;
  status2xx: number;
  status3xx: number;
  status4xx: number;
  status5xx: number;
  latency: Uint32Array;
}

export class TrafficRing {
  #byVersion = new Map<string, Bucket[]>();

  /** Counts one finished request into the bucket of `nowMs`; a finished bucket never changes again. */
  record(version: string, status: number, latencyMs: number, nowMs: number): void {
    const bucket = this.#current(version, nowMs - (nowMs % BUCKET_MS));
    bucket.requests++;
    if (status >= 500) bucket.status5xx++;
    else if (status >= 400) bucket.status4xx++;
    else if (status >= 300) bucket.status3xx++;
    else bucket.status2xx++;
    const index = bucketOf(latencyMs);
    bucket.latency[index] = (bucket.latency[index] ?? 0) + 1;
  }

  /** Complete buckets with at least one request that start at or after `sinceMs`, oldest first. */
  since(ref: ServiceRef, sinceMs: number, nowMs: number): TrafficCounts[] {
    const rows: TrafficCounts[] = [];
    const oldestMs = nowMs - BUCKET_MS * (KEPT_BUCKETS + 1);
    for (const [version, buckets] of this.#byVersion) {
      if ((buckets.at(-1)?.startMs ?? 0) < oldestMs) this.#byVersion.delete(version);
      for (const { startMs, latency, ...counts } of buckets) {
        if (startMs < sinceMs || startMs < oldestMs || startMs + BUCKET_MS > nowMs) continue;
        rows.push({ ...ref, version, bucketAt: new Date(startMs).toISOString(), ...counts, latency: [...latency] });
      }
    }
    return rows.sort((a, b) => (a.bucketAt < b.bucketAt ? -1 : a.bucketAt > b.bucketAt ? 1 : 0));
  }

  #current(version: string, startMs: number): Bucket {
    let buckets = this.#byVersion.get(version);
    if (buckets === undefined) {
      buckets = [];
      this.#byVersion.set(version, buckets);
    }
    const last = buckets.at(-1);
    // A clock set back must not open an older bucket: what is complete stays complete.
    if (last !== undefined && last.startMs >= startMs) return last;
    const fresh: Bucket = {
      startMs,
      requests: 0,
      status2xx: 0,
      status3xx: 0,
      status4xx: 0,
      status5xx: 0,
      latency: new Uint32Array(BUCKET_COUNT),
    };
    buckets.push(fresh);
    if (buckets.length > KEPT_BUCKETS + 1) buckets.shift();
    return fresh;
  }
}
