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

/** An instant by both clocks, to be stored: the second means something to those of the same process. */
export interface ClockReading {
  /** milliseconds since 1970 */
  at: number;
  /** undefined for a made-up clock; it must be written out, so that no reading is made of a wall clock by mistake */
  steady: { process: string; ms: number } | undefined;
}

/** A reading as a durable step remembers it: former releases remembered the wall clock alone, as a number. */
export type StoredReading = ClockReading | number;

const PROCESS = crypto.randomUUID();

/** The time of now by both clocks; a runtime whose clock is made up has the wall clock alone. */
export const readClock = ({
  now,
  steadyMs,
}: {
  now: () => Date;
  steadyMs?: (() => number) | undefined;
}): ClockReading => ({
  at: now().getTime(),
  steady: steadyMs && { process: PROCESS, ms: steadyMs() },
});

/** What may be added at most where only wall clocks can tell, as when another process takes over. */
const LONGEST_ABSENCE_MS = 300_000;

/**
 * The time that went by for work that is carried on by one process after the other: by the monotonic clock inside one,
 * by the wall clock between two, where a clock set back adds nothing and one set forward five minutes at most. So no
 * deadline runs out that nobody had, or lasts longer. It depends on the stored readings alone, and so can be replayed;
 * those of former releases without a monotonic clock must come to the same as they did then.
 */
export class MonotonicElapsed {
  #elapsedMs = 0;
  #atMs: number;
  #steady: { process: string; ms: number; elapsedMs: number } | null = null;

  constructor(startedAtMs: number) {
    this.#atMs = startedAtMs;
  }

  /** Takes notice of a later reading, and says how many milliseconds it has been since the start. */
  observe(stored: StoredReading): number {
    const { at, steady } = typeof stored === "number" ? { at: stored, steady: undefined } : stored;
    if (steady && this.#steady?.process === steady.process)
      this.#elapsedMs = Math.max(this.#elapsedMs, this.#steady.elapsedMs + steady.ms - this.#steady.ms);
    else this.#elapsedMs += Math.min(Math.max(0, at - this.#atMs), LONGEST_ABSENCE_MS);
    if (steady) this.#steady = { ...steady, elapsedMs: this.#elapsedMs };
    this.#atMs = at;
    return this.#elapsedMs;
  }
}
