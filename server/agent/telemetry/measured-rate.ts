/** A count per second, and over how much it was measured. */
export interface MeasuredRate {
  /** null: too little was measured to say */
  perSecond: number | null;
  /** seconds it is over, where that is less than the window; null: over all of it */
  overSeconds: number | null;
}

/** twenty requests within a moment are not 400 a second: a shorter part of a window is divided by this */
const LEAST_MS = 10_000;

/**
 * The one division of a count by its time: by the window from `fromMs` to `toMs`, or by its part since `sinceMs`, when
 * measuring began (null: before the window), at least 10 s. `toMs` is the end of what is complete; `count` is of the
 * part. Pure.
 */
export function rateOver(
  count: number,
  { fromMs, toMs, sinceMs }: { fromMs: number; toMs: number; sinceMs: number | null },
): MeasuredRate {
  const startMs = Math.max(fromMs, Math.min(sinceMs ?? fromMs, toMs - LEAST_MS));
  const seconds = (toMs - startMs) / 1_000;
  return {
    perSecond: seconds > 0 ? count / seconds : null,
    overSeconds: startMs > fromMs ? Math.max(0, seconds) : null,
  };
}

/**
 * The rate where it is unknown how much of its time the first part of a count is of: `whole` divides all by all of the
 * time, `rest` leaves the first part and its time out. The higher one: neither a late start nor a burst is diluted. Pure.
 */
export const higherRate = (whole: MeasuredRate, rest: MeasuredRate): MeasuredRate =>
  (rest.perSecond ?? 0) > (whole.perSecond ?? 0) ? rest : whole;
