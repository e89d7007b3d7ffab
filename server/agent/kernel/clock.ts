/**
 * Time by two clocks. The wall clock says when something was, and may be set at any time; the monotonic one says how
 * long something took. A duration inside one process is measured by the second, so that a clock that is set, or a
 * machine that was suspended, neither ends it at once nor makes it last an hour longer.
 */

/** Milliseconds of a clock that nobody sets; only differences within one process mean something. */
export const monotonicMs = (): number => performance.now();

/** What a correction of the clock, or another host's clock, may differ by without anybody having set it. */
const TOLERANCE_MS = 2_000;

/**
 * Whether a stored instant lies ahead of now, so that the clock was set back since: then it says nothing about what is
 * newer, is due or has to wait, and whoever compares goes on as if it were not there. Two seconds are allowed for.
 */
export const clockWasSetBack = (stored: Date | number | null | undefined, now: Date | number): boolean =>
  stored !== null && stored !== undefined && Number(stored) - Number(now) > TOLERANCE_MS;

/** Notices that the wall clock was set, by comparing it with the monotonic one. */
export class ClockJumps {
  readonly #steadyMs: () => number;
  #offsetMs: number | null = null;

  constructor(steadyMs: () => number = monotonicMs) {
    this.#steadyMs = steadyMs;
  }

  /** By how many milliseconds the clock, at `nowMs` now, was set since the last look; 0 for less than two seconds. */
  look(nowMs: number): number {
    const offsetMs = nowMs - this.#steadyMs();
    const jumpMs = this.#offsetMs === null ? 0 : offsetMs - this.#offsetMs;
    this.#offsetMs = offsetMs;
    return Math.abs(jumpMs) > TOLERANCE_MS ? jumpMs : 0;
  }
}

/** What one look at the clock may add beyond the pause before it: as long as a slow step takes. */
const SLOW_STEP_MS = 15_000;

/**
 * Time that went by for those who look again and again, of instants that were stored (milliseconds since 1970) and so
 * may come from several processes. A clock set back adds nothing, one set forward no more than the pause and a slow
 * step: no time that nobody had runs out. What is deterministic stays so: it depends on its inputs alone.
 */
export class TimeLived {
  #atMs: number;
  #elapsedMs = 0;
  #pauseMs = 0;

  constructor(startedAtMs: number) {
    this.#atMs = startedAtMs;
  }

  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Takes notice of the time of now, and says how long it has been since the start. */
  look(atMs: number): number {
    this.#elapsedMs += Math.min(Math.max(0, atMs - this.#atMs), this.#pauseMs + SLOW_STEP_MS);
    [this.#atMs, this.#pauseMs] = [atMs, 0];
    return this.#elapsedMs;
  }

  /** Told before a pause of `ms` at most. */
  pauses(ms: number): void {
    this.#pauseMs += ms;
  }
}
