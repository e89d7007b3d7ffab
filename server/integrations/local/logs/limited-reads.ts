import type { z } from "zod";
import { AppError } from "#server/agent/kernel/errors.ts";
import { type ControlConnection, isUnanswered } from "../control-connection.ts";
import { DaemonAnswer } from "../protocol.ts";

/**
 * Reads of the daemon for those who must not wait with it: one question per path is under way at a time, nobody waits
 * for it longer than `limitMs`, and while the daemon is known to be silent nobody waits at all. The open question goes
 * on by itself: with its answer the daemon is back.
 */
export class LimitedReads {
  readonly #connection: ControlConnection;
  readonly #limitMs: number;
  readonly #open = new Map<string, Promise<unknown>>();
  /** when the first question that has no answer was asked; null while the daemon answers, or is not there */
  #silentSince: Date | null = null;
  /** since when no question was answered, whether the daemon is silent or not there */
  #failingSince: Date | null = null;
  #watch: NodeJS.Timeout | undefined;

  constructor(connection: ControlConnection, limitMs: number) {
    this.#connection = connection;
    this.#limitMs = limitMs;
  }

  /** Asks by itself from now on, so that an outage has begun before somebody notices it. */
  watch(everyMs: number): void {
    this.#watch = setInterval(() => void this.get("daemon", DaemonAnswer).catch(() => undefined), everyMs);
    this.#watch.unref();
  }

  end(): void {
    clearInterval(this.#watch);
  }

  /** @throws as `ControlConnection.call`; UPSTREAM_UNAVAILABLE has `details.since` */
  async get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    if (this.#silentSince !== null) {
      if (this.#open.size === 0) this.#ask("daemon", DaemonAnswer).catch(() => undefined); // whoever asks next is told
      throw silent(this.#silentSince);
    }
    const askedAt = new Date();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#failingSince ??= askedAt;
        this.#silentSince ??= this.#failingSince;
        reject(silent(this.#silentSince));
      }, this.#limitMs);
    });
    try {
      return await Promise.race([this.#ask(path, schema), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #ask<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const open = this.#open.get(path);
    if (open) return open as Promise<T>;
    const askedAt = new Date();
    const asked = this.#connection
      .call("GET", path, schema)
      .then(
        (answer) => {
          this.#silentSince = this.#failingSince = null;
          return answer;
        },
        (error: unknown) => {
          if (isUnanswered(error)) throw error;
          this.#silentSince = null; // one that is gone is asked anew by whoever comes next
          const gone = error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE";
          this.#failingSince = gone ? (this.#failingSince ?? askedAt) : null; // an error of its own is an answer
          throw this.#failingSince ? withSince(error, this.#failingSince) : error;
        },
      )
      .finally(() => this.#open.delete(path));
    this.#open.set(path, asked);
    asked.catch(() => undefined); // told to those who still wait
    return asked;
  }
}

const withSince = (error: unknown, since: Date): unknown =>
  error instanceof AppError
    ? new AppError(error.code, error.message, { details: { since: since.toISOString() }, cause: error.cause })
    : error;

const silent = (since: Date): AppError => {
  const message = `The local platform does not answer since ${since.toISOString()}. It is replaced by itself when it hangs; try again in half a minute.`;
  return new AppError("UPSTREAM_UNAVAILABLE", message, { details: { since: since.toISOString() } });
};
