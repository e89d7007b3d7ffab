import { AppError } from "../../agent/kernel/errors.ts";
import type { LogLineRecord, LogPage, LogSource } from "../../agent/ports/log-source.ts";
import { type Attributes, levelOfSeverity } from "../../agent/ports/telemetry.ts";
import type { Database } from "../database.ts";
import { lineConditions, resolveFilter } from "./line-filter.ts";
import { createSqlValues, instantText, microsOf, type SqlValues } from "./sql-values.ts";

const COLUMNS = `${microsOf("at")} as micros, id::text as number, service, environment, version, instance, severity, body,
  attributes, replace(trace_id::text, '-', '') as trace, lpad(to_hex(span_id), 16, '0') as span, pattern_id as pattern`;
/** how far context is looked for on either side of a line */
const AROUND_MICROS = 86_400_000_000n;

interface LineRow {
  [column: string]: unknown;
  micros: string;
  number: string;
  service: string;
  environment: string;
  version: string;
  instance: string;
  severity: number;
  body: string;
  attributes: Attributes | null;
  trace: string | null;
  span: string | null;
  pattern: number | null;
}

const lineOf = (row: LineRow): LogLineRecord => ({
  id: `${row.micros}-${row.number}`,
  at: instantText(BigInt(row.micros)),
  service: row.service,
  environment: row.environment,
  version: row.version,
  instance: row.instance,
  level: levelOfSeverity(row.severity),
  body: row.body,
  attributes: row.attributes ?? {},
  traceId: row.trace,
  spanId: row.span,
  patternId: row.pattern === null ? null : String(row.pattern),
});

/** The place of a line in the order of all: its time in microseconds and its number. */
interface Place {
  micros: bigint;
  number: string;
}

/** ids and cursors are written alike; null when it is neither */
function placeOf(id: string): Place | null {
  const [, micros, number] = /^(-?\d{1,17})-(\d{1,18})$/.exec(id) ?? [];
  return micros === undefined || number === undefined ? null : { micros: BigInt(micros), number };
}
const rowAt = ({ micros, number }: Place, sql: SqlValues): string =>
  `(${sql.add(instantText(micros))}::timestamptz, ${sql.add(number)}::int8)`;

/** One page of lines. @throws INVALID for a cursor of another source */
export async function readLines(
  database: Database,
  { window, filter, order, limit, cursor }: Parameters<LogSource["lines"]>[0],
  signal?: AbortSignal,
): Promise<LogPage> {
  const after = cursor === undefined ? null : placeOf(cursor);
  if (cursor !== undefined && after === null)
    throw new AppError("INVALID", "The cursor is not one of this source. Ask for the first page again.");
  const sql = createSqlValues();
  const newest = order === "newest-first";
  const conditions = [
    `at >= ${sql.add(window.from)}`,
    `at < ${sql.add(window.to)}`,
    ...lineConditions(await resolveFilter(database, filter), sql),
    ...(after ? [`(at, id) ${newest ? "<" : ">"} ${rowAt(after, sql)}`] : []),
  ];
  const direction = newest ? "desc" : "asc";
  const rows = await database.read<LineRow>(
    `select ${COLUMNS} from log_line where ${conditions.join(" and ")}
     order by at ${direction}, id ${direction} limit ${sql.add(limit + 1)}`,
    sql.values,
    signal,
  );
  const lines = await shownUnder(database, rows.slice(0, limit).map(lineOf));
  return { lines, nextCursor: rows.length > limit ? (lines.at(-1)?.id ?? null) : null };
}

/** Lines of patterns that were merged carry the id of the one under which they are shown. */
async function shownUnder(database: Database, lines: LogLineRecord[]): Promise<LogLineRecord[]> {
  const ids = [...new Set(lines.flatMap(({ patternId }) => (patternId === null ? [] : [Number(patternId)])))];
  if (ids.length === 0) return lines;
  const merged = await database.read<{ id: number; into: number }>(
    `select id, merged_into as into from log_pattern where id = any($1) and merged_into is not null`,
    [ids],
  );
  const into = new Map(merged.map((row) => [String(row.id), String(row.into)]));
  return lines.map((line) => ({ ...line, patternId: into.get(line.patternId ?? "") ?? line.patternId }));
}

/** The lines of the same instance around one, oldest first, at most a day away. @throws NOT_FOUND */
export async function linesAround(
  database: Database,
  { lineId, before, after }: Parameters<LogSource["around"]>[0],
): Promise<LogLineRecord[]> {
  const place = placeOf(lineId);
  const [row] = place ? await lineAt(database, place) : [];
  if (!place || !row)
    throw new AppError("NOT_FOUND", "There is no such line, or it is older than the days for which lines are kept.");
  const side = (count: number, direction: "asc" | "desc") => {
    const sql = createSqlValues();
    const [sign, end] =
      direction === "desc" ? ["<", place.micros - AROUND_MICROS] : [">", place.micros + AROUND_MICROS];
    return database.read<LineRow>(
      `select ${COLUMNS} from log_line
       where (at, id) ${sign} ${rowAt(place, sql)} and at ${sign === "<" ? ">" : "<"} ${sql.add(instantText(end))}
         and service = ${sql.add(row.service)} and environment = ${sql.add(row.environment)}
         and instance = ${sql.add(row.instance)}
       order by at ${direction}, id ${direction} limit ${sql.add(count)}`,
      sql.values,
    );
  };
  const [earlier, later] = await Promise.all([side(before, "desc"), side(after, "asc")]);
  return shownUnder(database, [...earlier.reverse(), row, ...later].map(lineOf));
}

function lineAt(database: Database, place: Place): Promise<LineRow[]> {
  const sql = createSqlValues();
  return database.read<LineRow>(
    `select ${COLUMNS} from log_line where (at, id) = ${rowAt(place, sql)} limit 1`,
    sql.values,
  );
}
