/** When a crashed instance starts again: exponential back-off, and slow retries once it is crash-looping. */

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;
const STABLE_MS = 60_000;
const LOOP_CRASHES = 5;
const LOOP_WINDOW_MS = 60_000;
const LOOP_DELAY_MS = 60_000;

export interface CrashHistory {
  /** crashes since the process last ran for a stable minute */
  consecutive: number;
  /** monotonic milliseconds of the crashes in the last minute */
  recentMs: readonly number[];
}

export interface RestartDecision {
  delayMs: number;
  crashLooping: boolean;
  history: CrashHistory;
}

export const NO_CRASHES: CrashHistory = { consecutive: 0, recentMs: [] };

/** What follows a start that was refused, as for a command that is not there: trying again soon would not help. */
export const afterRefusedStart = (before: CrashHistory): RestartDecision => ({
  delayMs: LOOP_DELAY_MS,
  crashLooping: true,
  history: before,
});

/** What follows a crash at `nowMs` of a process that ran for `ranForMs`. */
export function afterCrash(before: CrashHistory, nowMs: number, ranForMs: number): RestartDecision {
  const consecutive = (ranForMs >= STABLE_MS ? 0 : before.consecutive) + 1;
  const recentMs = [...before.recentMs.filter((at) => nowMs - at < LOOP_WINDOW_MS), nowMs];
  const crashLooping = recentMs.length >= LOOP_CRASHES || (consecutive > LOOP_CRASHES && ranForMs < STABLE_MS);
  const delayMs = crashLooping
    ? LOOP_DELAY_MS
    : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(consecutive - 1, 20));
  return { delayMs, crashLooping, history: { consecutive, recentMs } };
}
