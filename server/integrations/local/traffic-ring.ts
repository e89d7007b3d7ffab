import { addHistogram, BUCKET_COUNT, bucketOf } from "#server/agent/kernel/histogram.ts";
import { joinUsage } from "#server/agent/kernel/version-usage.ts";
import type { ServiceRef, TrafficCounts, VersionUsage } from "#server/agent/ports/platform.ts";

/** What one balancer counted and what its instances took, in 2-second buckets per version, for the last 15 minutes. */

const SAMPLE_MS = 2_000;
const BUCKET_MS = 10_000;
const KEPT_MS = 90 * BUCKET_MS;
const KEPT_SAMPLES = (KEPT_MS + BUCKET_MS) / SAMPLE_MS;

/** What all instances of one version take at a moment; CPU time and lines are what came since the look before. */
export type Look = VersionUsage;

interface Sample {
  startMs: number;
  requests: number;
  status2xx: number;
  status3xx: number;
  status4xx: number;
  status5xx: number;
  /** null until the first request: most samples of an idle version have none */
  latency: Uint32Array | null;
  looks: Look[];
}

export class TrafficRing {
  #byVersion = new Map<string, Sample[]>();

  /** Counts one finished request into the sample of `nowMs`; a finished sample never changes again. */
  record(version: string, status: number, latencyMs: number, nowMs: number): void {
    const sample = this.#current(version, nowMs);
    sample.requests++;
    if (status >= 500) sample.status5xx++;
    else if (status >= 400) sample.status4xx++;
    else if (status >= 300) sample.status3xx++;
    else sample.status2xx++;
    sample.latency ??= new Uint32Array(BUCKET_COUNT);
    const index = bucketOf(latencyMs);
    sample.latency[index] = (sample.latency[index] ?? 0) + 1;
  }

  /** Adds what the instances of a version take at `nowMs`. */
  measure(version: string, look: Look, nowMs: number): void {
    this.#current(version, nowMs).looks.push(look);
  }

  /** Complete 10-second buckets with at least one request that start at or after `sinceMs`, oldest first. */
  since(ref: ServiceRef, sinceMs: number, nowMs: number): TrafficCounts[] {
    return this.#rows(ref, sinceMs, nowMs, BUCKET_MS).filter((row) => row.requests > 0);
  }

  /** Complete 2-second buckets that start at or after `sinceMs`, oldest first; those without requests, too. */
  samplesSince(ref: ServiceRef, sinceMs: number, nowMs: number): TrafficCounts[] {
    return this.#rows(ref, sinceMs, nowMs, SAMPLE_MS);
  }

  #rows(ref: ServiceRef, sinceMs: number, nowMs: number, stepMs: number): TrafficCounts[] {
    const rows: TrafficCounts[] = [];
    const oldestMs = nowMs - KEPT_MS - BUCKET_MS;
    for (const [version, samples] of this.#byVersion) {
      if ((samples.at(-1)?.startMs ?? 0) < oldestMs) this.#byVersion.delete(version);
      const buckets = Map.groupBy(samples, ({ startMs }) => startMs - (startMs % stepMs));
      for (const [startMs, parts] of buckets)
        if (startMs >= sinceMs && startMs >= oldestMs && startMs + stepMs <= nowMs)
          rows.push({ ...ref, version, bucketAt: new Date(startMs).toISOString(), ...sumOf(parts) });
    }
    return rows.sort((a, b) => (a.bucketAt < b.bucketAt ? -1 : a.bucketAt > b.bucketAt ? 1 : 0));
  }

  #current(version: string, nowMs: number): Sample {
    const startMs = nowMs - (nowMs % SAMPLE_MS);
    let samples = this.#byVersion.get(version);
    if (samples === undefined) {
      samples = [];
      this.#byVersion.set(version, samples);
    }
    const last = samples.at(-1);
    // A clock set back must not open an older sample: what is complete stays complete.
    if (last !== undefined && last.startMs >= startMs) return last;
    const counts = { requests: 0, status2xx: 0, status3xx: 0, status4xx: 0, status5xx: 0 };
    const fresh: Sample = { startMs, ...counts, latency: null, looks: [] };
    samples.push(fresh);
    if (samples.length > KEPT_SAMPLES) samples.shift();
    return fresh;
  }
}

function sumOf(samples: readonly Sample[]): Omit<TrafficCounts, "service" | "environment" | "version" | "bucketAt"> {
  const sum = { requests: 0, status2xx: 0, status3xx: 0, status4xx: 0, status5xx: 0 };
  const latency = new Array<number>(BUCKET_COUNT).fill(0);
  for (const sample of samples) {
    for (const field of ["requests", "status2xx", "status3xx", "status4xx", "status5xx"] as const)
      sum[field] += sample[field];
    if (sample.latency !== null) addHistogram(latency, [...sample.latency]);
  }
  return { ...sum, latency, usage: joinUsage(samples.flatMap((sample) => sample.looks)) };
}
