import { BUCKET_COUNT, bucketOf } from "#server/agent/kernel/histogram.ts";
import { joinUsage } from "#server/agent/kernel/version-usage.ts";
import type { ServiceRef, TrafficCounts, VersionUsage } from "#server/agent/ports/platform.ts";

/** What one balancer counted and what its instances took, in 2-second buckets per version, for the last 20 minutes. */

export const SAMPLE_MS = 2_000;
const BUCKET_MS = 10_000;
const KEPT_BUCKETS_MS = 900_000 + BUCKET_MS;
const KEPT_SAMPLES_MS = 1_200_000 + SAMPLE_MS;
const KEPT_SAMPLES = KEPT_SAMPLES_MS / SAMPLE_MS;
/** What instances took in a bucket is known shortly after its end; until then it is not complete. */
const SETTLE_MS = 500;

/** What the instances of one version took in 2 s; null where that is not known. */
export type Measured = Pick<VersionUsage, "cpuMs" | "memoryBytes" | "errorLines">;

interface Sample {
  startMs: number;
  requests: number;
  status2xx: number;
  status3xx: number;
  status4xx: number;
  status5xx: number;
  /** null until the first request: most samples of an idle version have none */
  latency: Uint32Array | null;
  looks: number;
  /** sums over the looks */
  instances: number;
  inFlight: number;
  cpuMs: number | null;
  memoryBytes: number | null;
  errorLines: number | null;
}

type Counts = Omit<TrafficCounts, keyof ServiceRef | "version" | "bucketAt">;

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

  /** Adds how many instances of a version are ready and how many requests it has in flight at `nowMs`. */
  look(version: string, instances: number, inFlight: number, nowMs: number): void {
    const sample = this.#current(version, nowMs);
    sample.looks++;
    sample.instances += instances;
    sample.inFlight += inFlight;
  }

  /**
   * Adds what was measured to the sample that ended at `boundaryMs`. When that is complete already, error lines count
   * for the one of `nowMs` and the rest, which tells of a time gone by, is dropped.
   */
  measure(version: string, measured: Measured, boundaryMs: number, nowMs: number): void {
    const ended = this.#byVersion.get(version)?.findLast((one) => one.startMs === boundaryMs - SAMPLE_MS);
    const open = nowMs < boundaryMs + SETTLE_MS ? ended : undefined;
    const sample = open ?? this.#current(version, nowMs);
    const { cpuMs, memoryBytes, errorLines } = measured;
    if (errorLines !== null) sample.errorLines = (sample.errorLines ?? 0) + errorLines;
    if (open !== undefined) Object.assign(open, { cpuMs, memoryBytes });
  }

  /** Complete 10-second buckets with at least one request that start at or after `sinceMs`, oldest first. */
  since(ref: ServiceRef, sinceMs: number, nowMs: number): TrafficCounts[] {
    const fromMs = Math.max(sinceMs, nowMs - KEPT_BUCKETS_MS);
    return this.#rows(ref, fromMs, nowMs, BUCKET_MS).filter((row) => row.requests > 0);
  }

  /**
   * Complete 2-second buckets that start at or after `sinceMs`, oldest first: of versions that answered a request or
   * had a ready instance in it.
   */
  samplesSince(ref: ServiceRef, sinceMs: number, nowMs: number): TrafficCounts[] {
    const fromMs = Math.max(sinceMs, nowMs - KEPT_SAMPLES_MS);
    const rows = this.#rows(ref, fromMs, nowMs, SAMPLE_MS);
    return rows.filter(({ requests, usage }) => requests > 0 || (usage.instances ?? 0) > 0);
  }

  #rows(ref: ServiceRef, fromMs: number, nowMs: number, stepMs: number): TrafficCounts[] {
    const rows: TrafficCounts[] = [];
    for (const [version, samples] of this.#byVersion) {
      if ((samples.at(-1)?.startMs ?? 0) < nowMs - KEPT_SAMPLES_MS) this.#byVersion.delete(version);
      const startOf = ({ startMs }: Sample) => startMs - (startMs % stepMs);
      const asked = samples.filter((one) => startOf(one) >= fromMs && startOf(one) + stepMs + SETTLE_MS <= nowMs);
      for (const [startMs, parts] of Map.groupBy(asked, startOf))
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
    const taken = { looks: 0, instances: 0, inFlight: 0, cpuMs: null, memoryBytes: null, errorLines: null };
    const fresh: Sample = { startMs, ...counts, latency: null, ...taken };
    samples.push(fresh);
    if (samples.length > KEPT_SAMPLES) samples.shift();
    return fresh;
  }
}

const usageOf = ({ cpuMs, memoryBytes, errorLines, looks, instances, inFlight }: Sample): VersionUsage => ({
  ...{ cpuMs, memoryBytes, errorLines },
  instances: looks === 0 ? null : instances / looks,
  inFlight: looks === 0 ? null : inFlight / looks,
});

function sumOf(samples: readonly Sample[]): Counts {
  const sum = { requests: 0, status2xx: 0, status3xx: 0, status4xx: 0, status5xx: 0 };
  const latency = new Array<number>(BUCKET_COUNT).fill(0);
  for (const sample of samples) {
    for (const field of ["requests", "status2xx", "status3xx", "status4xx", "status5xx"] as const)
      sum[field] += sample[field];
    sample.latency?.forEach((count, i) => {
      latency[i] = (latency[i] ?? 0) + count;
    });
  }
  return { ...sum, latency, usage: joinUsage(samples.map(usageOf)) };
}
