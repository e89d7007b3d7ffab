import { AppError } from "../kernel/errors.ts";
import type { LogFilter } from "../ports/log-source.ts";
import { severityOfLevel } from "../ports/telemetry.ts";
import { parseQuery } from "./query-language.ts";
import type { SearchLogsInput } from "./schema.ts";

/** What an input asks for, beside its window. */

type Asked = Partial<
  Pick<SearchLogsInput, "service" | "environment" | "logLevel" | "query" | "instance" | "patternId" | "traceId">
>;

/**
 * The filter of an input: its query and its other fields, all of which must hold.
 * @throws INVALID for a query that cannot be read, with its column, or that contradicts another field
 */
export function filterOf(input: Asked): LogFilter {
  const filter = parseQuery(input.query ?? "");
  const { service, environment, instance, patternId } = input;
  const fields = { service, environment, instance, patternId, traceId: input.traceId?.toLowerCase() };
  for (const [key, wanted] of Object.entries(fields) as [keyof typeof fields, string | undefined][]) {
    if (wanted === undefined) continue;
    const inQuery = filter[key];
    if (inQuery !== undefined && inQuery !== wanted) throw contradiction(key, wanted, inQuery);
    filter[key] = wanted;
  }
  if (input.logLevel !== undefined)
    filter.minSeverity = Math.max(filter.minSeverity ?? 0, severityOfLevel(input.logLevel));
  return filter;
}

const contradiction = (field: string, wanted: string, inQuery: string): AppError =>
  new AppError(
    "INVALID",
    `${field} is ${wanted}, and the query asks for ${inQuery}: no line has both. Leave one of them out.`,
    { details: { field, wanted, inQuery } },
  );
