import { clipText } from "../text/clip-text.ts";
import { escapeHiding } from "../text/visible-text.ts";
import { storageFailure } from "./storage/storage-failure.ts";

/** The closed set of things that can go wrong, as every transport knows them. */
export const ERROR_CODES = [
  "INVALID",
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "CONFLICT",
  "PRECONDITION",
  "RATE_LIMITED",
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_REJECTED",
  "TIMEOUT",
  "INTERNAL",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** characters; what somebody sent may stand in a message and be as long as a body */
export const MAX_MESSAGE = 2_000;
const MAX_DETAILS = 8_000;

/** A message as it may be shown: bounded, and nothing in it hides or reorders text. */
export const shownMessage = (message: string): string => escapeHiding(clipText(message, MAX_MESSAGE).toWellFormed());

/** As it is sent: a fault of ours names the request under which the log has its cause, wherever the message is shown. */
export const sentMessage = (code: string, message: string, requestId: string | null | undefined): string =>
  shownMessage(
    code === "INTERNAL" && requestId && !message.includes(requestId) ? `${message} Request id: ${requestId}.` : message,
  );

/** Details as they may be sent: what would make them longer than 8,000 characters is left out and said. */
export function shownDetails(details: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  if (details === undefined) return undefined;
  const kept: Record<string, unknown> = {};
  let left = MAX_DETAILS;
  for (const [key, value] of Object.entries(details)) {
    const size = (JSON.stringify(value) ?? "").length;
    if (size > left) kept[key] = `left out: ${size} characters`;
    else {
      kept[key] = value;
      left -= size;
    }
  }
  return kept;
}

/** The same in every copy of this module: the built console has one per layer, and errors pass from one to another. */
const BRAND = Symbol.for("operate.AppError");

/**
 * The one error of the core. `message` may be shown to a person and says what to do next; `details` may be shown
 * as data (the allowed values, the id in the way); `cause` is logged and never sent.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass inherits this, and takes none but its own
    if (this !== AppError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return value instanceof Error && BRAND in value;
  }

  get [BRAND](): true {
    return true;
  }

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.details = options.details;
  }
}

/** Any thrown value as an AppError; one of the storage says so, any other becomes INTERNAL. The original is its cause. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const storage = storageFailure(error);
  if (storage !== null) return new AppError("UPSTREAM_UNAVAILABLE", storage, { cause: error });
  return new AppError("INTERNAL", "Something failed inside Operate. The log has the details.", { cause: error });
}
