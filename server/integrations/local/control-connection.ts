import { Pool } from "undici";
import type { z } from "zod";
import { AppError } from "#server/agent/kernel/errors.ts";
import { ErrorAnswer, WAIT_MS } from "./protocol.ts";

const ANSWER_TIMEOUT_MS = WAIT_MS + 10_000;
const NOT_RUNNING = new Set(["ENOENT", "ECONNREFUSED", "EACCES"]);
const CUT = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** Whether an error tells that the daemon did not answer, though it may run. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE" && !NOT_RUNNING.has(codeOf(error.cause));

const codeOf = (error: unknown): string =>
  error instanceof Error ? String((error as NodeJS.ErrnoException).code ?? error.name) : "";

/** JSON calls over the control socket of a daemon. Connections are opened by the first call. */
export class ControlConnection {
  readonly #pool: Pool;

  constructor(socketPath: string) {
    this.#pool = new Pool("http://daemon", {
      socketPath,
      // Every wait for a drain or a stop holds one; the rest must not queue behind them.
      connections: 128,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
    });
  }

  /**
   * @throws the daemon's own AppError · UPSTREAM_UNAVAILABLE when it does not run or does not answer ·
   * UPSTREAM_REJECTED when it answers what this version does not understand
   */
  async call<T>(method: "GET" | "POST" | "PUT", path: string, schema: z.ZodType<T>, input?: unknown): Promise<T> {
    const { status, text } = await this.#exchange(method, path, input);
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch (cause) {
      throw new AppError("UPSTREAM_REJECTED", "The local platform daemon did not answer with JSON.", { cause });
    }
    if (status === 200) {
      const parsed = schema.safeParse(answer);
      if (parsed.success) return parsed.data;
      const message = "The local platform daemon answers in another version's form. Restart Operate.";
      throw new AppError("UPSTREAM_REJECTED", message, { cause: parsed.error });
    }
    const failure = ErrorAnswer.safeParse(answer);
    if (!failure.success)
      throw new AppError("UPSTREAM_REJECTED", `The local platform daemon answered ${status}.`, { cause: answer });
    const { code, message, details } = failure.data.error;
    throw new AppError(code, message, details === undefined ? {} : { details });
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  /** One repetition when the connection was cut, as by a restarted daemon: every call is idempotent. */
  async #exchange(
    method: string,
    path: string,
    input: unknown,
    repeat = true,
  ): Promise<{ status: number; text: string }> {
    try {
      const response = await this.#pool.request({
        path: `/v1/${path}`,
        method,
        ...(input === undefined
          ? {}
          : { body: JSON.stringify(input), headers: { "content-type": "application/json" } }),
      });
      return { status: response.statusCode, text: await response.body.text() };
    } catch (cause) {
      const code = codeOf(cause);
      if (CUT.has(code) && repeat) return this.#exchange(method, path, input, false);
      const running = !NOT_RUNNING.has(code) && !CUT.has(code);
      const message = running
        ? "The local platform daemon does not answer. Look at its log; restarting it leaves the instances running."
        : "The local platform daemon is not running. Start Operate with `npm start`.";
      throw new AppError("UPSTREAM_UNAVAILABLE", message, { cause });
    }
  }
}
