const WINDOW_MS = 5 * 60_000;
const FIRST_DELAY_MS = 100;
export const LONGEST_DELAY_MS = 30_000;

/** From so many ends within the window on, a process counts as one that does not stay up. */
export const TROUBLED_AFTER = 5;

/** So long ready, and a process counts as one that runs well: what ended before has nothing to do with its end. */
const RAN_WELL_MS = 10_000;

/** The ends that still count after another one, newest last. `readyMs`: how long the process was ready before it. */
export function withEnd(endedAtMs: readonly number[], atMs: number, readyMs: number): number[] {
  return readyMs >= RAN_WELL_MS ? [atMs] : [...endedAtMs.slice(-99), atMs];
}

/** How many of the ends, the last one included, lie within five minutes before the last one. */
export function recentEnds(endedAtMs: readonly number[]): number {
  const last = endedAtMs.at(-1) ?? 0;
  return endedAtMs.filter((at) => at > last - WINDOW_MS).length;
}

/** How long to wait before a process that ended is started again: doubles with each recent end, 0.1 s to `longestMs`. */
export function restartDelayMs(endedAtMs: readonly number[], longestMs = LONGEST_DELAY_MS): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.max(0, recentEnds(endedAtMs) - 1), longestMs);
}
