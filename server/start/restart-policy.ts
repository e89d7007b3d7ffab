const WINDOW_MS = 5 * 60_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;

/** From so many ends within the window on, a process counts as one that does not stay up. */
export const TROUBLED_AFTER = 5;

/** How many of the ends, the last one included, lie within five minutes before the last one. */
export function recentEnds(endedAtMs: readonly number[]): number {
  const last = endedAtMs.at(-1) ?? 0;
  return endedAtMs.filter((at) => at > last - WINDOW_MS).length;
}

/** How long to wait before a process that ended is started again: doubles with each recent end, 0.1 s to 30 s. */
export function restartDelayMs(endedAtMs: readonly number[]): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.max(0, recentEnds(endedAtMs) - 1), LONGEST_DELAY_MS);
}
