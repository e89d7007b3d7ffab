/** A count per second, and over how much it was measured. */
export interface MeasuredRate {
  /** null: too little was measured to say */
  perSecond: number | null;
  /** seconds it is over, where that is less than the window; null: over all of it */
  overSeconds: number | null;
}

/**
 * The one division of a count by its time: by the window from `fromMs` to `toMs`, or by its part since `sinceMs`, when
 * measuring began (null: before the window). `toMs` is the end of what is complete; `count` is of the part. Pure.
 */
export function rateOver(
  count: number,
  { fromMs, toMs, sinceMs }: { fromMs: number; toMs: number; sinceMs: number | null },
): MeasuredRate {
  const startMs = Math.max(fromMs, sinceMs ?? fromMs);
  const seconds = (toMs - startMs) / 1_000;
  return {
    perSecond: seconds > 0 ? count / seconds : null,
    overSeconds: startMs > fromMs ? Math.max(0, seconds) : null,
  };
}
