import type { Logger } from "pino";

const MINUTE_MS = 60_000;
/** more than so many a minute are no accident of single requests */
export const MOST_FAULTS_A_MINUTE = 10;

/** Counts exceptions that nobody expected and logs them, each of the first of a minute, then that there are more. */
export class FaultLog {
  readonly #logger: Pick<Logger, "error" | "fatal">;
  readonly #message: string;
  #count = 0;
  #inMinute = 0;
  #minuteMs = -Infinity;

  constructor(logger: Pick<Logger, "error" | "fatal">, message: string) {
    this.#logger = logger;
    this.#message = message;
  }

  /** since the process began */
  get count(): number {
    return this.#count;
  }

  note(error: unknown, nowMs: number = performance.now()): void {
    if (nowMs - this.#minuteMs > MINUTE_MS) {
      this.#minuteMs = nowMs;
      this.#inMinute = 0;
    }
    this.#count++;
    this.#inMinute++;
    if (this.#inMinute <= MOST_FAULTS_A_MINUTE) this.#logger.error({ err: error, count: this.#count }, this.#message);
    else if (this.#inMinute === MOST_FAULTS_A_MINUTE + 1)
      this.#logger.fatal(
        { err: error, count: this.#count },
        `${this.#message}: more than ${MOST_FAULTS_A_MINUTE} times within a minute. It goes on serving; report the stack above.`,
      );
  }
}
