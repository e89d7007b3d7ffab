import type { SeriesSamples } from "../../agent/ports/telemetry.ts";
import { fingerprintOf } from "../write/fingerprint.ts";

/** of SeriesOwner.scope */
export const UNNAMED = 0;
export const NOT_KNOWN = 1;

/** Whose counts a series holds, where its name and labels do not tell. */
export interface SeriesOwner {
  /** a hash of the instrumentation scope: 0 of none, 1 where it is not known */
  scope: number;
  /** when the counter began, ms since 1970 with microseconds after the point; 0 where it is not known */
  startMs: number;
}

export interface StoredId extends SeriesOwner {
  id: number;
  /** index into SERIES_KINDS */
  kind: number;
}

const hashes = new WeakMap<object, number>();
/** Of the labels of a scope; no scope has none. */
export function scopeHash(scope: SeriesSamples["scope"]): number {
  if (!scope) return UNNAMED;
  let hash = hashes.get(scope);
  if (hash === undefined) {
    hash = fingerprintOf("", scope).low | 2; // neither of the two that have a meaning
    hashes.set(scope, hash);
  }
  return hash;
}

/** When a counter's process began, ms since 1970; 0 where that is not told, or lies after the sample. */
export const ownStart = ({ kind, startMs, timesMs }: SeriesSamples): number =>
  kind === "counter" && startMs !== undefined && startMs > 0 && Math.floor(startMs) <= (timesMs[0] ?? 0) ? startMs : 0;

/** The same where the series may be named after it: a counter that begins with its first sample began before. */
export const ownerStart = (series: SeriesSamples): number => {
  const start = ownStart(series);
  return Math.floor(start) < (series.timesMs[0] ?? 0) ? start : 0;
};
