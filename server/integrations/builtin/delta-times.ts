import type { SeriesSamples } from "../../agent/ports/telemetry.ts";
import type { Fingerprint } from "./fingerprint.ts";

/**
 * Deltas of one instant add up, where two values of a counter would contradict each other: processes that do not say
 * which they are share a series, and often an instant. What one request brings of an instant is summed; what
 * another request brings is written some microseconds before it. How many follows from the request, so that one
 * that is sent again falls upon itself: reads take one sample an instant.
 */

/** samples have whole milliseconds; these microseconds are free */
const SHIFTS = 999;
/** series of which it is remembered whose the newest instant is */
const MOST_SERIES = 100_000;

export interface DeltaTimes {
  /** When a request's delta of an instant is written, ms since 1970. @param request as `requestOf` */
  timeOf(id: number, atMs: number, request: number): number;
}

export function createDeltaTimes(): DeltaTimes {
  const newest = new Map<number, { atMs: number; request: number }>();
  return {
    timeOf(id, atMs, request) {
      const known = newest.get(id);
      if (known && known.atMs === atMs && known.request !== request) return atMs - (1 + (request % SHIFTS)) / 1_000;
      if (known && known.atMs >= atMs) return atMs;
      newest.delete(id); // the oldest stand first
      newest.set(id, { atMs, request });
      for (const oldest of newest.keys()) {
        if (newest.size <= MOST_SERIES) break;
        newest.delete(oldest);
      }
      return atMs;
    },
  };
}

/** A number for what a request says in deltas: the same when it is sent again, hardly ever that of another one. */
export function requestOf(series: readonly SeriesSamples[], fingerprints: readonly Fingerprint[]): number {
  let hash = 0x811c9dc5;
  const double = new Float64Array(1);
  const halves = new Uint32Array(double.buffer);
  const mix = (part: number) => {
    hash = Math.imul(hash ^ part, 0x01000193);
    hash ^= hash >>> 15;
  };
  const mixNumber = (value: number) => {
    double[0] = value;
    for (const half of halves) mix(half);
  };
  series.forEach(({ kind, timesMs, values }, i) => {
    if (kind !== "delta") return;
    mix(fingerprints[i]?.high ?? 0);
    mix(fingerprints[i]?.low ?? 0);
    for (const [k, atMs] of timesMs.entries()) {
      mixNumber(atMs);
      mixNumber(values[k] ?? 0);
    }
  });
  return hash >>> 0;
}
