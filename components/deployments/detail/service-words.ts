import type { ServiceNow } from "#server/agent/deploy/service-now-schema.ts";
import type { ServiceRow } from "#server/agent/services/schema.ts";
import { formatCount, formatPercent, plural } from "../../lib/format.ts";
import { stateReason } from "../../services/table/state-reason.ts";

/** The state of the service with what makes it, both of one read: that of every list, else the page's own. */
export function stateOf(
  row: Pick<ServiceRow, "health" | "reasons"> | undefined,
  { health, healthMessage }: ServiceNow,
): { state: ServiceNow["health"]; why: string | null } {
  if (row) return { state: row.health, why: stateReason(row) };
  return { state: health, why: health === "up" ? null : healthMessage };
}

/** How the users of the service fare now, each share with what it is of. Null while nothing is known. */
export function faringOf({ requests, failed, windowSeconds, errorLimitPercent }: ServiceNow): string | null {
  if (requests === null || failed === null) return null;
  const time = `in the last ${windowSeconds} s`;
  if (requests === 0) return `no requests ${time}`;
  const base = `${formatCount(failed)} of ${plural(requests, "request")} failed ${time}`;
  return failed === 0
    ? base
    : `${base} (${formatPercent((failed / requests) * 100)}, limit ${formatPercent(errorLimitPercent)})`;
}

/** Whether more fail than may. */
export const isOverLimit = ({ requests, failed, errorLimitPercent }: ServiceNow): boolean =>
  requests !== null && failed !== null && requests > 0 && (failed / requests) * 100 > errorLimitPercent;
