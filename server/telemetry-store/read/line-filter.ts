import type { LogFilter, LogTerm } from "../../agent/ports/log-source.ts";
import type { Database } from "../database.ts";
import { searchable } from "../write/confidential-rows.ts";
import { isTraceId } from "../write/record-checks.ts";
import { globLike, literalLike, type SqlValues } from "./sql-values.ts";

/** Filters of log lines as conditions on `log_line`. */

const COLUMNS = ["service", "environment", "version", "instance"] as const;
/** JSON writes some characters in its own way: the values in it are compared as they are */
const LINE_TEXTS = [
  "body",
  "concat_ws(' ', service, environment, version, instance)",
  "(case when attributes is not null then (select string_agg(v #>> '{}', ' ') from jsonb_path_query(attributes, '$.**') v) end)",
];
const TRACE_TEXT = "replace(trace_id::text, '-', '')";
/** a name with more dots is read in two ways: as one name, and as a path */
const MAX_DOTS = 4;

/** A filter with the pattern it names looked up: ids under which its lines were mined, null when it names none. */
export type ResolvedFilter = Omit<LogFilter, "patternId"> & { patternIds: number[] | null };

/** Lines of patterns that were merged are found under the one they were merged into, and under their own id. */
export async function resolveFilter(database: Database, filter: LogFilter): Promise<ResolvedFilter> {
  const { patternId, ...rest } = filter;
  if (patternId === undefined) return { ...rest, patternIds: null };
  if (!/^\d{1,9}$/.test(patternId)) return { ...rest, patternIds: [] };
  const rows = await database.read<{ id: number }>(
    `select p.id from log_pattern asked join log_pattern p
       on coalesce(p.merged_into, p.id) = coalesce(asked.merged_into, asked.id)
     where asked.id = $1`,
    [Number(patternId)],
  );
  return { ...rest, patternIds: rows.map((row) => row.id) };
}

/** Conditions that all must hold. */
export function lineConditions(filter: ResolvedFilter, sql: SqlValues): string[] {
  const conditions: string[] = [];
  for (const column of COLUMNS) {
    const wanted = filter[column];
    if (wanted !== undefined) conditions.push(`${column} = ${sql.add(wanted)}`);
  }
  if (filter.minSeverity !== undefined) conditions.push(`severity >= ${sql.add(Math.ceil(filter.minSeverity))}`);
  if (filter.patternIds !== null) conditions.push(`pattern_id = any(${sql.add(filter.patternIds)}::int4[])`);
  if (filter.traceId !== undefined)
    conditions.push(isTraceId(filter.traceId) ? `trace_id = ${sql.add(filter.traceId)}::uuid` : "false");
  for (const term of filter.terms) conditions.push(termCondition(term, sql));
  if (filter.terms.length > 0) conditions.push(...searchable(LINE_TEXTS, sql));
  return conditions;
}

function termCondition(term: LogTerm, sql: SqlValues): string {
  const not = term.negated ? "not " : "";
  if (term.kind === "text") return `body ${not}ilike ${sql.add(`%${literalLike(term.value)}%`)}`;
  // the index of traced lines can be used
  if (term.field === "trace" && /^\*+$/.test(term.value)) return `trace_id is ${term.negated ? "" : "not "}null`;
  const holds = holdsFor(term.value, sql);
  const column = term.field === "trace" ? TRACE_TEXT : COLUMNS.find((name) => name === term.field);
  if (column) return term.negated ? `(${holds(column)}) is not true` : holds(column);
  const found = pathsOf(term.field).map(
    // of a list, each item; of anything else, itself
    (path) =>
      `exists (select from jsonb_path_query(attributes #> ${sql.add(path)}::text[], '$[*]') v where ${holds("v #>> '{}'")})`,
  );
  return `${not}(${found.join(" or ")})`;
}

const holdsFor = (value: string, sql: SqlValues): ((text: string) => string) => {
  const parameter = sql.add(value.includes("*") ? globLike(value) : value);
  return (text) => (value.includes("*") ? `${text} like ${parameter}` : `${text} = ${parameter}`);
};

/** Every way to read a dotted name: `a.b` is an attribute of that name, or `b` inside of `a`. */
function pathsOf(field: string): string[][] {
  const parts = field.replaceAll("\0", "\uFFFD").split(".");
  const [first = "", ...rest] = parts;
  if (rest.length > MAX_DOTS) return [parts, [parts.join(".")]];
  let paths: string[][] = [[first]];
  for (const part of rest)
    paths = paths.flatMap((path) => [
      [...path, part],
      [...path.slice(0, -1), `${path.at(-1)}.${part}`],
    ]);
  return paths;
}
