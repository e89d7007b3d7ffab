/** How a balancer tells that it gets more than it can pass on, and says so. */

const PROBE_MS = 100;
/** late by as much, the process looks twice before it works for somebody who may have left */
const LATE_MS = 100;
/** late by as much, it turns away what it would only let wait */
const VERY_LATE_MS = 1_000;
const STALL_MS = 500;
/** said so long after the last request was turned away */
const SAID_MS = 30_000;

export class Overload {
  readonly #timer: NodeJS.Timeout;
  #probedMs = performance.now();
  #lateMs = 0;
  #since: Date | null = null;
  #lastMs = 0;
  #shed = 0;

  /** @param onStall told of each time that the process stood still for longer than half a second, ms since 1970 */
  constructor(onStall: (fromMs: number, toMs: number) => void = () => {}) {
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      this.#lateMs = nowMs - this.#probedMs - PROBE_MS;
      this.#probedMs = nowMs;
      if (this.#lateMs > STALL_MS) onStall(Date.now() - this.#lateMs, Date.now());
    }, PROBE_MS).unref();
  }

  /** milliseconds that the process was late at its last look at the clock, or is by now */
  get lateMs(): number {
    return Math.max(this.#lateMs, performance.now() - this.#probedMs - PROBE_MS);
  }

  get late(): boolean {
    return this.lateMs > LATE_MS;
  }

  get veryLate(): boolean {
    return this.lateMs > VERY_LATE_MS;
  }

  /** A request was turned away. */
  shed(): void {
    const nowMs = performance.now();
    if (this.#since === null || nowMs - this.#lastMs > SAID_MS) {
      this.#since = new Date();
      this.#shed = 0;
    }
    this.#lastMs = nowMs;
    this.#shed++;
  }

  /** Since when requests are turned away, ISO 8601, and how many were; null when none was for 30 s. */
  describe(): { since: string; shed: number } | null {
    if (this.#since === null || performance.now() - this.#lastMs > SAID_MS) return null;
    return { since: this.#since.toISOString(), shed: this.#shed };
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
