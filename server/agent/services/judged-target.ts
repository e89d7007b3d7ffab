import type { JudgedTarget } from "../health/index.ts";
import type { ServiceRow } from "./schema.ts";
import { isOfRequests } from "./words.ts";

/** What a service's status says of the target that checks it. Pure. */
export function judgedTarget(row: ServiceRow): JudgedTarget {
  const told = row.reasons.filter(({ kind }) => kind !== "probe" && kind !== "data");
  return {
    state: row.health,
    message: told.length > 0 ? row.healthMessage : null,
    since: { at: row.healthSince, atLeast: row.healthAtLeastSince },
    causedBy: row.causedBy,
    figures: told.find((reason) => reason.kind === "platform" || isOfRequests(reason))?.message ?? null,
  };
}
