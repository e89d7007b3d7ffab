const WINDOW_MS = 60_000;
const MOST_FAILURES = 5;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5_000;

/**
 * How long to wait before a process that ended is started again, from the times at which it ended, the last one
 * included; null when five ends within a minute say that another try is pointless.
 */
export function restartDelayMs(endedAtMs: readonly number[]): number | null {
  const last = endedAtMs.at(-1) ?? 0;
  const recent = endedAtMs.filter((at) => at > last - WINDOW_MS).length;
  if (recent >= MOST_FAILURES) return null;
  return Math.min(FIRST_DELAY_MS * 2 ** Math.max(0, recent - 1), LONGEST_DELAY_MS);
}
