import type { SeriesSamples } from "../../agent/ports/telemetry.ts";
import { type Fingerprint, fingerprintOf } from "./fingerprint.ts";

/**
 * Deltas of one instant add up, where two values of a counter would contradict each other: processes that do not say
 * which they are share a series, and often an instant. What one request brings of an instant is summed; what another
 * one brings is written some microseconds before it, as reads take one sample an instant. Where follows from the request, so
 * that one that is sent again falls upon itself. A place that is known to be another's is passed over.
 */

/** samples have whole milliseconds; these microseconds are free */
const SHIFTS = 999;
/** newest instants of a series of which it is remembered who took which place: late requests are mostly a few exports late */
const MOST_INSTANTS = 64;
/** of all series together; of what is forgotten, one request in SHIFTS takes another's place */
const MOST_REMEMBERED = 200_000;

export interface DeltaTimes {
  /**
   * When a request's delta of an instant is written, ms since 1970; null when its series has no place left there.
   * @param request as `requestOf`
   * @param shared processes that do not say which they are write it: then even the first one leaves the instant itself
   * free, since nobody remembers who was there before a restart
   */
  timeOf(id: number, atMs: number, request: number, shared?: boolean): number | null;
}

/** Who has the places of one instant: requests by how many microseconds before it theirs is. */
type Places = Map<number, number>;

export function createDeltaTimes(): DeltaTimes {
  const series = new Map<number, Map<number, Places>>();
  let remembered = 0;
  const forget = (instants: Map<number, Places>, most: number) => {
    for (const [oldest, places] of instants) {
      if (instants.size <= most) break;
      instants.delete(oldest);
      remembered -= places.size;
    }
  };
  const placesOf = (id: number, atMs: number): Places => {
    const instants = series.get(id) ?? new Map<number, Places>();
    series.delete(id); // those that were written longest ago stand first
    series.set(id, instants);
    const places: Places = instants.get(atMs) ?? new Map();
    instants.set(atMs, places);
    forget(instants, MOST_INSTANTS);
    for (const [oldest, all] of series) {
      if (remembered < MOST_REMEMBERED || oldest === id) break;
      forget(all, 0);
      series.delete(oldest);
    }
    return places;
  };
  return {
    timeOf(id, atMs, request, shared = false) {
      const places = placesOf(id, atMs);
      const shift = freeShift(places, request, shared);
      if (shift === null) return null;
      if (!places.has(shift)) remembered++;
      places.set(shift, request);
      return atMs - shift / 1_000;
    },
  };
}

/** The place that a request has or can have, in microseconds before its instant; null when all are taken by others. */
function freeShift(places: Places, request: number, shared: boolean): number | null {
  const isFreeOrOwn = (shift: number) => (places.get(shift) ?? request) === request;
  if (!shared && isFreeOrOwn(0)) return 0;
  const first = request % SHIFTS;
  for (let i = 0; i < SHIFTS; i++) {
    const shift = 1 + ((first + i) % SHIFTS);
    if (isFreeOrOwn(shift)) return shift;
  }
  return null;
}

/** The same for one delta of a process that is known: of one instant, it says it once. */
export const pointOf = (startMs: number | undefined, value: number): number => {
  const { high, low } = fingerprintOf(String(startMs), { value: String(value) });
  return (high ^ low) >>> 0;
};

/** A number for what a request says in deltas: the same when it is sent again, hardly ever that of another one. */
export function requestOf(placed: readonly { series: SeriesSamples; fingerprint: Fingerprint }[]): number {
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
  for (const { series, fingerprint } of placed) {
    const { kind, timesMs, values, startMs = 0 } = series;
    if (kind !== "delta") continue;
    mix(fingerprint.high);
    mix(fingerprint.low);
    mixNumber(startMs);
    for (const [k, atMs] of timesMs.entries()) {
      mixNumber(atMs);
      mixNumber(values[k] ?? 0);
    }
  }
  return hash >>> 0;
}
