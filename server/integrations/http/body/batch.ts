import { AppError } from "../../../agent/kernel/errors.ts";
import type { Decoded } from "../../../agent/ports/telemetry.ts";
import { RejectionTally } from "../../../agent/telemetry/rejections.ts";

/** Samples, lines or spans of one request: memory is bounded by what comes out, not only by what came in. */
const MOST_RECORDS = 100_000;
/** Making an error costs more than reading a record; after so many the body is no telemetry. */
const MOST_BROKEN = 1000;

/** Gathers what is read from one body. */
export class Batch<T> {
  readonly records: T[] = [];
  readonly #tally = new RejectionTally();
  readonly #most: number;
  #held = 0;
  #broken = 0;

  constructor(mostRecords = MOST_RECORDS) {
    this.#most = mostRecords;
  }

  /** Whether there is no room for `count` more. */
  full(count = 1): boolean {
    return this.#held + count > this.#most;
  }

  /** @param count how many samples it holds */
  keep(record: T, count = 1): void {
    if (this.full(count)) {
      this.overflow(count);
      return;
    }
    this.#held += count;
    this.records.push(record);
  }

  overflow(count = 1): void {
    this.#tally.add(`more than ${this.#most} in one request: send smaller batches`, () => null, count);
  }

  reject(reason: string, example: () => string | null, count = 1): void {
    this.#tally.add(reason, example, count);
  }

  /**
   * Notes a record that cannot be read, so that the rest of its batch is kept.
   * @throws what is no INVALID; INVALID when most of the body seems to be broken
   */
  broken(reason: string, error: unknown): void {
    if (!(error instanceof AppError) || error.code !== "INVALID") throw error;
    if (++this.#broken > MOST_BROKEN)
      throw new AppError("INVALID", `More than ${MOST_BROKEN} records are broken, the last one so: ${error.message}`);
    this.#tally.add(reason, () => error.message);
  }

  decoded(): Decoded<T> {
    return { records: this.records, rejected: this.#tally.list() };
  }
}
