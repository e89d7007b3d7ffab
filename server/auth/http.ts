import { dataWithoutConfidential, withoutConfidential } from "../agent/kernel/confidential/confidential.ts";
import { type ErrorCode, sentMessage, shownDetails, toAppError } from "../agent/kernel/errors.ts";
import { BodyTooLarge, readBounded } from "../limits/bounded-body.ts";
import { createLogger } from "../telemetry/log.ts";
import { REQUEST_ID_HEADER } from "./request-id.ts";

const STATUS = {
  INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PRECONDITION: 410,
  RATE_LIMITED: 429,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_REJECTED: 502,
  TIMEOUT: 504,
  INTERNAL: 500,
} as const satisfies Record<ErrorCode, number>;

const MAX_BODY_BYTES = 16_384;
const log = createLogger("auth");

/** An answer nobody caches, under its request id. */
export const answer = (status: number, body: unknown, requestId: string, cookies: readonly string[] = []): Response => {
  const headers = new Headers({ "cache-control": "no-store", [REQUEST_ID_HEADER]: requestId });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return Response.json(body, { status, headers });
};

/** `{ code, message, details? }`; a fault of ours is logged, and its cause never sent. */
export function answerError(error: unknown, requestId: string): Response {
  const { code, message, details, cause } = toAppError(error);
  if (code === "INTERNAL") log.error({ err: cause, requestId }, message);
  return answer(
    error instanceof BodyTooLarge ? 413 : STATUS[code],
    {
      code,
      message: sentMessage(code, withoutConfidential(message), requestId),
      ...(details ? { details: shownDetails(dataWithoutConfidential(details, "message")) } : {}),
    },
    requestId,
  );
}

/** The text of a body of at most 16 KB. @throws as readBounded does */
export const readBody = async (request: Request): Promise<string> =>
  (await readBounded(request, MAX_BODY_BYTES)).toString("utf8");
