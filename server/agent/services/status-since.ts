import type { HealthState } from "../health/schema.ts";
import { HEALTH_STATES } from "../health/words.ts";
import type { TrafficCounts } from "../ports/traffic.ts";
import { sumOutcomes } from "../telemetry/outcomes.ts";
import type { Limits } from "../telemetry/service-limits.ts";
import { servedOf, TRAFFIC_SECONDS } from "../traffic/index.ts";
import { newestServed, requestState, type ServiceStatus } from "./judge-service.ts";

/** What is known of a service's requests: buckets of 60 s of the last hour, and of 10 s for the newest minutes. */
interface Counted {
  minutes: readonly TrafficCounts[];
  recent: readonly TrafficCounts[];
  now: Date;
}

/** Since when each thing that a state can come of is so; ISO 8601. */
interface Origins {
  probe: { state: HealthState; since: string | null } | null;
  platformSince: Date | null;
  waitingSince: string | null;
}

/** ISO 8601: by when the state was so, without a break up to now; else since when at least. One of them is set. */
export interface Since {
  at: string | null;
  atLeast: string | null;
}

/** for so long the minutes are read */
export const MINUTES_READ_MS = 3_600_000;
const MINUTE_MS = 60_000;
const RECENT_MS = 10_000;
/** for so long the buckets of ten seconds are read */
export const RECENT_READ_MS = (TRAFFIC_SECONDS + 30) * 1_000;

/** The end of the first whole minute that is read: what was before it is not known. */
const knownSince = (nowMs: number): number => (Math.ceil((nowMs - MINUTES_READ_MS) / MINUTE_MS) + 1) * MINUTE_MS;

const severity = (state: HealthState): number => HEALTH_STATES.indexOf(state);
const instant = (ms: number): string => new Date(ms).toISOString();

/**
 * Since when the shown status holds: from when the check, the platform or the decision is so, and from the same
 * judgement of the requests at each earlier time of the last hour. A worse state in between ends it. What began before
 * that hour is not known where requests may have been worse: only `atLeast` is. Where nothing tells when it began, as of
 * a service without a check yet, it is so now at least. Pure.
 */
export function statusSince(
  { state, reasons }: ServiceStatus,
  { probe, platformSince, waitingSince }: Origins,
  counted: Counted,
  limits: Limits,
): Since {
  const nowMs = counted.now.getTime();
  const knownMs = knownSince(nowMs);
  const timeline = timelineOf(counted, limits);
  const runStart = (holds: (requests: HealthState) => boolean): number | null => {
    let startMs: number | null = null;
    for (const point of timeline()) {
      if (!holds(point.state)) return startMs;
      startMs = point.atMs;
    }
    return Number.NEGATIVE_INFINITY;
  };
  const of = (kind: string) => reasons.some((reason) => reason.kind === kind && reason.state === state);
  const starts = [
    ...(probe?.state === state ? [probe.since === null ? null : Date.parse(probe.since)] : []),
    ...(of("platform") ? [platformSince?.getTime() ?? null] : []),
    ...(of("decision") ? [waitingSince === null ? null : Date.parse(waitingSince)] : []),
    ...(of("errors") || of("latency") ? [runStart((requests) => severity(requests) >= severity(state))] : []),
  ].filter((startMs) => startMs !== null);
  if (starts.length === 0) return { at: null, atLeast: instant(nowMs) };
  const begunMs = Math.min(...starts);
  const noWorseMs = state === "down" ? null : runStart((requests) => severity(requests) <= severity(state));
  const sinceMs = Math.max(begunMs, noWorseMs ?? Number.NEGATIVE_INFINITY);
  if (sinceMs >= knownMs || (state === "down" && Number.isFinite(sinceMs)))
    return { at: instant(Math.min(sinceMs, nowMs)), atLeast: null };
  return { at: null, atLeast: instant(knownMs) };
}

interface Bucket {
  row: TrafficCounts;
  startMs: number;
  endMs: number;
}

/** Minutes, and for the newest of them their ten seconds, as far as these are complete. */
function bucketsOf({ minutes, recent, now }: Counted): { buckets: Bucket[]; fineMs: number } {
  const nowMs = now.getTime();
  const firstMs = Math.min(...recent.map(({ bucketAt }) => Date.parse(bucketAt)));
  const fineMs = Math.max(
    Math.ceil((nowMs - RECENT_READ_MS) / MINUTE_MS) * MINUTE_MS,
    Math.floor(firstMs / MINUTE_MS) * MINUTE_MS,
  );
  const bucket = (row: TrafficCounts, lengthMs: number): Bucket => {
    const startMs = Date.parse(row.bucketAt);
    return { row, startMs, endMs: startMs + lengthMs };
  };
  const coarse = minutes.map((row) => bucket(row, MINUTE_MS)).filter(({ startMs }) => startMs < fineMs);
  const fine = recent
    .map((row) => bucket(row, RECENT_MS))
    .filter(({ startMs, endMs }) => startMs >= fineMs && endMs <= nowMs);
  return { buckets: [...coarse, ...fine], fineMs };
}

/** What requests made of the service at the end of each bucket of the last hour, newest first. */
function timelineOf(counted: Counted, limits: Limits): () => Iterable<{ atMs: number; state: HealthState }> {
  const { buckets, fineMs } = bucketsOf(counted);
  const usual = sumOutcomes(buckets.map(({ row }) => row));
  // no window of buckets that are all within the limits is beyond them
  const isCalm = buckets.every(({ row }) => {
    const { failed, p95Ms } = servedOf([row], usual);
    return failed === 0 && (p95Ms ?? 0) <= limits.latencyP95Ms;
  });
  if (isCalm) return () => [];
  const nowMs = counted.now.getTime();
  const within = (atMs: number, seconds: number) =>
    servedOf(
      buckets.filter(({ startMs, endMs }) => startMs >= atMs - seconds * 1_000 && endMs <= atMs).map(({ row }) => row),
      usual,
    );
  const told = new Map<number, HealthState>();
  const stateAt = (atMs: number): HealthState => {
    const { newest } = newestServed((seconds) => within(atMs, seconds));
    return requestState({ window: within(atMs, TRAFFIC_SECONDS), newest }, limits);
  };
  return function* points() {
    const lastMs = Math.max(...buckets.map(({ endMs }) => endMs));
    const latestMs = Math.max(lastMs, Math.floor(nowMs / RECENT_MS) * RECENT_MS - RECENT_MS);
    const before = (atMs: number): number =>
      atMs > fineMs ? atMs - RECENT_MS : Math.floor((atMs - 1) / MINUTE_MS) * MINUTE_MS;
    for (let atMs = latestMs; atMs >= knownSince(nowMs); atMs = before(atMs)) {
      const state = told.get(atMs) ?? stateAt(atMs);
      told.set(atMs, state);
      yield { atMs, state };
    }
  };
}
