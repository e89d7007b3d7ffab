import type { ServiceRow } from "#server/agent/services/schema.ts";
import { isOfRequests } from "#server/agent/services/words.ts";

/** Of what makes its state, what its users meet before what its check found: "91 % of 1,240 requests failed in 5 min". */
export function stateReason(row: Pick<ServiceRow, "health" | "reasons">): string | null {
  const reasons = row.reasons.filter(({ state }) => state === row.health && state !== "unknown");
  return (reasons.find(isOfRequests) ?? reasons[0])?.message ?? null;
}
