import type { ServiceNow } from "#server/agent/deploy/service-now-schema.ts";
import { formatCount, formatPercent, plural } from "../../lib/format.ts";

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
