import { newId } from "../agent/kernel/ids.ts";

/** What an answer tells, and what a client may send. */
export const REQUEST_ID_HEADER = "x-request-id";
/** Carries Operate's own id from a handler to what runs inside it; the handler overwrites whatever a client sends. */
export const OWN_REQUEST_ID_HEADER = "x-operate-request-id";

/** A new id for a request. A client's is never taken: two requests, or two clients, must not share one. */
export const newRequestId = (): string => newId("req");

/** The id that a handler has given to the request it hands on, else a new one. */
export const ownRequestId = (headers: Headers | undefined): string =>
  headers?.get(OWN_REQUEST_ID_HEADER) ?? newRequestId();

/** The client's id when it is a plain short one: recorded beside ours, marked as the client's. */
export function clientRequestId(headers: Headers | undefined): string | undefined {
  const given = headers?.get(REQUEST_ID_HEADER) ?? "";
  return /^[\w.:-]{1,48}$/.test(given) ? given : undefined;
}
