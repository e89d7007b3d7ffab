import { callerEnds, isCallerEnd } from "#server/agent/kernel/caller-ends.ts";
import type { CallerEnd, CallerEnds, TrafficCounts, VersionUsage } from "#server/agent/ports/traffic.ts";
import type { ServiceRef } from "#server/agent/ports/workloads.ts";
import { BUCKET_COUNT, bucketOf, emptyHistogram } from "#server/agent/telemetry/histogram.ts";
import { noOutcomes, OUTCOMES, type Outcome } from "#server/agent/telemetry/outcomes.ts";
import { joinUsage } from "#server/agent/telemetry/version-usage.ts";

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

/** More of an exchange that ended. */
export interface Ended {
  /** answered with 401 or 403 */
  denied?: boolean;
  /** of one that stays with its version, as `Choice.caller` */
  caller?: number | undefined;
}

/** callers whose requests ended badly that are told apart in a sample, and of them the worst that are told */
const MOST_CALLERS = 200;
const TOLD_CALLERS = 3;

interface Sample extends Record<Outcome, number> {
  startMs: number;
  /** in a bucket that `since` told */
  told: boolean;
  /** the clock was set after it was told: it is stored under the time that the clock said then */
  toldBefore: boolean;
  requests: number;
  denied: number;
  /** null until the first request: most samples of an idle version have none */
  latency: Uint32Array | null;
  leftAfter: Uint32Array | null;
  /** by caller: how its requests ended that a caller alone can bring about */
  callers: Map<number, CallerEnds> | null;
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
  #stalls: { fromMs: number; toMs: number }[] = [];

  /**
   * Counts one ended exchange into the sample of `nowMs`; a finished sample never changes again. `tookMs`: for a client
   * that left, how long it had waited.
   */
  record(version: string, outcome: Outcome, tookMs: number, nowMs: number, { denied, caller }: Ended = {}): void {
    const sample = this.#current(version, nowMs);
    sample.requests++;
    sample[outcome]++;
    if (denied) sample.denied++;
    if (caller !== undefined && isCallerEnd(outcome)) countCaller(sample, caller, outcome);
    if (outcome === "refused") return;
    const field = outcome === "clientLeft" ? "leftAfter" : "latency";
    const histogram = sample[field] ?? new Uint32Array(BUCKET_COUNT);
    sample[field] = histogram;
    const index = bucketOf(tookMs);
    histogram[index] = (histogram[index] ?? 0) + 1;
  }

  /** The process stood still: the samples of that time, and those that requests of it ended in, are marked. */
  stall(fromMs: number, toMs: number): void {
    this.#stalls = this.#stalls.filter((one) => one.toMs > toMs - KEPT_SAMPLES_MS);
    this.#stalls.push({ fromMs, toMs: toMs + SAMPLE_MS });
  }

  /**
   * The clock was set by `jumpMs`: what was counted moves by as much, so that it stays as old as it is, by whole
   * buckets and never ahead of now. What was told for storing is not told a second time under its new name.
   */
  clockSet(jumpMs: number): void {
    const byMs = Math.floor(jumpMs / BUCKET_MS) * BUCKET_MS;
    for (const sample of [...this.#byVersion.values()].flat()) {
      sample.startMs += byMs;
      sample.toldBefore = sample.told;
    }
    this.#stalls = this.#stalls.map(({ fromMs, toMs }) => ({ fromMs: fromMs + byMs, toMs: toMs + byMs }));
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
    const rows = this.#rows(ref, fromMs, nowMs, BUCKET_MS, (parts) => {
      for (const part of parts) part.told = true;
    });
    return rows.filter((row) => row.requests > 0);
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

  #rows(
    ref: ServiceRef,
    fromMs: number,
    nowMs: number,
    stepMs: number,
    tell?: (parts: readonly Sample[]) => void,
  ): TrafficCounts[] {
    const rows: TrafficCounts[] = [];
    for (const [version, samples] of this.#byVersion) {
      if ((samples.at(-1)?.startMs ?? 0) < nowMs - KEPT_SAMPLES_MS) this.#byVersion.delete(version);
      const startOf = ({ startMs }: Sample) => startMs - (startMs % stepMs);
      const complete = samples.filter((one) => startOf(one) >= fromMs && startOf(one) + stepMs + SETTLE_MS <= nowMs);
      const asked = tell ? complete.filter((one) => !one.toldBefore) : complete;
      tell?.(asked);
      for (const [startMs, parts] of Map.groupBy(asked, startOf))
        rows.push({
          ...{ ...ref, version, bucketAt: new Date(startMs).toISOString(), ...sumOf(parts) },
          ...(this.#stalls.some(({ fromMs, toMs }) => startMs < toMs && startMs + stepMs > fromMs) && {
            stalled: true,
          }),
        });
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
    // A clock set back by less than `clockSet` is told of must not open an older sample: what is complete stays so.
    if (last !== undefined && last.startMs >= startMs) return last;
    const taken = { looks: 0, instances: 0, inFlight: 0, cpuMs: null, memoryBytes: null, errorLines: null };
    const untold = { startMs, told: false, toldBefore: false };
    const fresh: Sample = {
      ...untold,
      ...noOutcomes(),
      denied: 0,
      latency: null,
      leftAfter: null,
      callers: null,
      ...taken,
    };
    samples.push(fresh);
    if (samples.length > KEPT_SAMPLES) samples.shift();
    return fresh;
  }
}

function countCaller(sample: Sample, caller: number, outcome: CallerEnd): void {
  sample.callers ??= new Map();
  const known = sample.callers.get(caller);
  if (known === undefined && sample.callers.size >= MOST_CALLERS) return;
  const ends = known ?? { caller, status3xx: 0, status4xx: 0, status5xx: 0 };
  ends[outcome]++;
  sample.callers.set(caller, ends);
}

/** The callers of one sample whose requests ended badly most often. */
function worstCallers(samples: readonly Sample[]): CallerEnds[] {
  const all = samples.length === 1 ? [...(samples[0]?.callers?.values() ?? [])] : [];
  return all.sort((a, b) => callerEnds(b) - callerEnds(a)).slice(0, TOLD_CALLERS);
}

const usageOf = ({ cpuMs, memoryBytes, errorLines, looks, instances, inFlight }: Sample): VersionUsage => ({
  ...{ cpuMs, memoryBytes, errorLines },
  instances: looks === 0 ? null : instances / looks,
  inFlight: looks === 0 ? null : inFlight / looks,
});

function sumOf(samples: readonly Sample[]): Counts {
  const callers = worstCallers(samples);
  const sum = { ...noOutcomes(), denied: 0, latency: emptyHistogram() };
  for (const sample of samples) {
    sum.requests += sample.requests;
    sum.denied += sample.denied;
    for (const outcome of OUTCOMES) sum[outcome] += sample[outcome];
    sample.latency?.forEach((count, i) => {
      sum.latency[i] = (sum.latency[i] ?? 0) + count;
    });
    sample.leftAfter?.forEach((count, i) => {
      sum.leftAfter[i] = (sum.leftAfter[i] ?? 0) + count;
    });
  }
  return { ...sum, ...(callers.length > 0 && { callers }), usage: joinUsage(samples.map(usageOf)) };
}
