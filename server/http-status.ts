import type { AppError, ErrorCode } from "./agent/kernel/errors.ts";
import { BodyTooLarge } from "./limits/bounded-body.ts";

type Statuses = Readonly<Record<ErrorCode, number>>;

/** The HTTP status of each error: the one table, beside which a protocol states only where it departs from it. */
const HTTP_STATUS: Statuses = {
  INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PRECONDITION: 412,
  RATE_LIMITED: 429,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_REJECTED: 502,
  TIMEOUT: 504,
  INTERNAL: 500,
};

/** Set-up and sign-in: a link that was used is gone. */
export const SIGN_IN_STATUS: Statuses = { ...HTTP_STATUS, PRECONDITION: 410 };

/** Telemetry: senders try again after 429 and 503, and after no other. */
export const INGEST_STATUS: Statuses = {
  ...HTTP_STATUS,
  ...{ CONFLICT: 503, PRECONDITION: 400, UPSTREAM_REJECTED: 500, TIMEOUT: 503 },
};

/** MCP before the protocol begins: whatever is ours passes, and 503 is what clients try again after. */
export const MCP_STATUS: Statuses = { ...HTTP_STATUS, INTERNAL: 503 };

/** The status an error is answered with. */
export const statusOf = (error: AppError, statuses: Statuses = HTTP_STATUS): number =>
  error instanceof BodyTooLarge ? 413 : statuses[error.code];
