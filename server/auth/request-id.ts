import { newId } from "../agent/kernel/ids.ts";

export const REQUEST_ID_HEADER = "x-request-id";

/** The caller's request id when it is a plain short one, else a new one: it ends up in logs and audit entries. */
export function requestIdOf(headers: Headers | undefined): string {
  const given = headers?.get(REQUEST_ID_HEADER) ?? "";
  return /^[\w.:-]{8,64}$/.test(given) ? given : newId("req");
}
