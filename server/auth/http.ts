import { dataWithoutConfidential, withoutConfidential } from "../agent/kernel/confidential/confidential.ts";
import { sentMessage, shownDetails, toAppError } from "../agent/kernel/errors.ts";
import { SIGN_IN_STATUS, statusOf } from "../http-status.ts";
import { readBounded } from "../limits/bounded-body.ts";
import { createLogger } from "../telemetry/log.ts";
import { REQUEST_ID_HEADER } from "./request-id.ts";

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
  const shown = toAppError(error);
  const { code, message, details, cause } = shown;
  if (code === "INTERNAL") log.error({ err: cause, requestId }, message);
  return answer(
    statusOf(shown, SIGN_IN_STATUS),
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
