import pg from "pg";
import { AppError } from "../agent/kernel/errors.ts";
import { storageFailure, storageSentence } from "../agent/kernel/storage/storage-failure.ts";

const QUERY_CANCELED = "57014";
const INVALID_REGULAR_EXPRESSION = "2201B";
/** deadlock detected, serialization failure */
const RETRYABLE = new Set(["40P01", "40001"]);
/** a partition that was dropped since the writer looked */
const NO_PARTITION = "23514";
/**
 * Classes 08 connection, 53 resources, 57 operator intervention, 58 system error, and a database that is read-only:
 * the same write may succeed later.
 */
const PASSING = /^(08|53|57|58)|^25006$/;
const DISK_FULL = "53100";
/** it answers, so that it is not away: it is read-only, or its system failed */
const TAKES_NOTHING = "The database of the telemetry takes nothing now. Try again in a few seconds.";
/** Classes 22 data, 23 constraints, 54 limits: the record itself is at fault. */
const OF_THE_RECORD = /^(22|23|54)/;

const codeOf = (error: unknown): string | null => (error instanceof pg.DatabaseError ? (error.code ?? null) : null);

export const isRetryable = (error: unknown): boolean => RETRYABLE.has(codeOf(error) ?? "");
export const isMissingPartition = (error: unknown): boolean => codeOf(error) === NO_PARTITION;
export const isOfTheRecord = (error: unknown): boolean => OF_THE_RECORD.test(codeOf(error) ?? "");

/** What a failed statement means to the caller. Errors that are not the database's stay what they are. */
export function databaseError(error: unknown, timeoutMs: number, signal?: AbortSignal): unknown {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  if (signal?.aborted) return new AppError("TIMEOUT", "The query was given up.", { cause: error });
  if (code === QUERY_CANCELED)
    return new AppError(
      "TIMEOUT",
      `The query took more than ${timeoutMs / 1_000} s. Narrow the time window, or name a service, a level or a pattern.`,
      { cause: error },
    );
  if (code === INVALID_REGULAR_EXPRESSION)
    return new AppError("INVALID", `The regular expression cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  if (code === DISK_FULL) return new AppError("UPSTREAM_UNAVAILABLE", storageFailure(error) ?? "", { cause: error });
  if (code === null ? isOfTheConnection(error) : PASSING.test(code))
    return new AppError(
      "UPSTREAM_UNAVAILABLE",
      storageFailure(error) ?? (code === null ? storageSentence("away") : TAKES_NOTHING),
      {
        cause: error,
      },
    );
  return error;
}

/** The driver reports a lost connection with a plain Error, the socket with a system error code. */
const isOfTheConnection = (error: unknown): boolean =>
  error instanceof Error &&
  (/^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/.test((error as NodeJS.ErrnoException).code ?? "") ||
    /connection (terminated|ended|error)|timeout exceeded when trying to connect|not queryable|premature close/i.test(
      error.message,
    ));
