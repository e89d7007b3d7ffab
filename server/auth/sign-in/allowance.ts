/** A token bucket of one subject: `most` at a stroke, and one more every `everyMs`. */
export class Allowance {
  readonly #most: number;
  readonly #everyMs: number;
  readonly #nowMs: () => number;
  /** when it is full again */
  #fullAtMs = 0;

  constructor(most: number, everyMs: number, nowMs: () => number) {
    this.#most = most;
    this.#everyMs = everyMs;
    this.#nowMs = nowMs;
  }

  /** How many are taken and not refilled yet, with fractions. */
  used(): number {
    return Math.max(0, this.#fullAtMs - this.#nowMs()) / this.#everyMs;
  }

  /** Milliseconds until one can be taken; 0 for now. */
  inMs(): number {
    return Math.max(0, this.used() - (this.#most - 1)) * this.#everyMs;
  }

  take(): void {
    this.#fullAtMs = Math.max(this.#fullAtMs, this.#nowMs()) + this.#everyMs;
  }

  giveBack(): void {
    this.#fullAtMs -= this.#everyMs;
  }
}
