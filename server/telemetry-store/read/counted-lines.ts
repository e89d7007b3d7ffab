import { AppError } from "../../agent/kernel/errors.ts";
import type { LineOrigin, LogFilter, LogSource, LogTerm, PatternCount } from "../../agent/ports/log-source.ts";
import type { TimeWindow } from "../../agent/ports/source.ts";
import { LOG_LEVELS, type LogLevel } from "../../agent/ports/telemetry.ts";
import type { Database } from "../database.ts";
import { DAY_MS } from "../partitions/partitions.ts";
import { doneUntil, lateBuckets } from "../rollup/rollup-progress.ts";
import { searchable } from "../write/confidential-rows.ts";
import { levelNumber } from "../write/log-tally.ts";
import type { StoreParts } from "../write/record-writer.ts";
import { lineConditions, type ResolvedFilter, resolveFilter } from "./line-filter.ts";
import { createSqlValues, globLike, literalLike, type SqlValues } from "./sql-values.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const MAX_STEPS = 11_000;
const LEVEL = "case when severity < 1 then 0 else least(6, (severity - 1) / 4 + 1) end";

const levelOf = (level: number): LogLevel | null => LOG_LEVELS[level - 1] ?? null;

/** Where counts of a range are read: whole hours and minutes from rollups, what is left from the lines. */
interface Range {
  table: "log_count_hour" | "log_count" | "log_line";
  fromMs: number;
  toMs: number;
}

/**
 * Ranges that cover a window, each from the coarsest table that can tell. Buckets begin at `originMs`: the window's
 * start, taken back to the full minute or hour where steps are whole minutes or hours.
 */
export function rangesOf(
  { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
  {
    exact,
    nowMs,
    keptFromMs,
    hoursUntilMs,
    lateHoursMs = [],
  }: {
    exact: boolean;
    nowMs: number;
    keptFromMs: number;
    hoursUntilMs: number;
    /** hours to which lines came after they were rolled up */
    lateHoursMs?: readonly number[];
  },
): { originMs: number; ranges: Range[] } {
  const unitMs = [HOUR_MS, MINUTE_MS].find((unit) => stepMs % unit === 0) ?? 1;
  const originMs = floor(fromMs, unitMs);
  if (!exact || unitMs === 1) return { originMs, ranges: [{ table: "log_line", fromMs, toMs }] };
  // lines that are not kept any more cannot be counted again: their minute is taken whole, as is the one in progress
  const minutes = {
    fromMs: fromMs < keptFromMs ? floor(fromMs, MINUTE_MS) : ceil(fromMs, MINUTE_MS),
    toMs: toMs >= nowMs || toMs < keptFromMs ? ceil(toMs, MINUTE_MS) : floor(toMs, MINUTE_MS),
  };
  if (minutes.toMs <= minutes.fromMs) return { originMs, ranges: [{ table: "log_line", fromMs, toMs }] };
  const hours =
    stepMs % HOUR_MS === 0
      ? { fromMs: ceil(minutes.fromMs, HOUR_MS), toMs: floor(Math.min(minutes.toMs, hoursUntilMs), HOUR_MS) }
      : { fromMs: minutes.fromMs, toMs: minutes.fromMs };
  const ranges: Range[] = [
    { table: "log_line", fromMs, toMs: minutes.fromMs },
    { table: "log_line", fromMs: minutes.toMs, toMs },
  ];
  if (hours.toMs <= hours.fromMs) ranges.push({ table: "log_count", ...minutes });
  else
    ranges.push({ table: "log_count", fromMs: minutes.fromMs, toMs: hours.fromMs }, ...wholeHours(hours, lateHoursMs), {
      table: "log_count",
      fromMs: hours.toMs,
      toMs: minutes.toMs,
    });
  return { originMs, ranges: ranges.filter((range) => range.toMs > range.fromMs) };
}

/** Hours, and in the place of those that are not rolled up again yet, their minutes. */
function wholeHours({ fromMs, toMs }: Omit<Range, "table">, lateHoursMs: readonly number[]): Range[] {
  const late = new Set(lateHoursMs);
  const ranges: Range[] = [];
  for (let hourMs = fromMs; hourMs < toMs; hourMs += HOUR_MS) {
    const table = late.has(hourMs) ? "log_count" : "log_count_hour";
    const last = ranges.at(-1);
    if (last?.table === table) last.toMs = hourMs + HOUR_MS;
    else ranges.push({ table, fromMs: hourMs, toMs: hourMs + HOUR_MS });
  }
  return ranges;
}

const floor = (ms: number, unitMs: number): number => Math.floor(ms / unitMs) * unitMs;
const ceil = (ms: number, unitMs: number): number => Math.ceil(ms / unitMs) * unitMs;

interface Counted {
  window: TimeWindow;
  filter: ResolvedFilter;
  stepSeconds: number;
  /** the filter says nothing that only lines can tell */
  exact: boolean;
}

type Key = "service" | "environment" | "version" | "pattern_id" | "level" | "bucket";

const MS_OF_BUCKET = "extract(epoch from bucket)::float8 * 1000";

/** A subquery of the keys that are asked for and their count. Each row may be one of several for its keys. */
async function countedSql(
  { database, retention, now }: StoreParts,
  { window, filter, stepSeconds, exact }: Counted,
  keys: readonly Key[],
  sql: SqlValues,
): Promise<string> {
  const [fromMs, toMs, stepMs] = [window.from.getTime(), window.to.getTime(), stepSeconds * 1_000];
  if ((toMs - fromMs) / stepMs > MAX_STEPS)
    throw new AppError("INVALID", `More than ${MAX_STEPS} steps. Choose a longer step or a narrower window.`);
  const nowMs = now().getTime();
  const keptFromMs = nowMs - retention.logsDays * DAY_MS;
  const hoursUntilMs = stepMs % HOUR_MS === 0 ? await doneUntil(database, "logs") : 0;
  const lateHoursMs = await lateBuckets(database, "logs", { fromMs, toMs: Math.min(toMs, hoursUntilMs) });
  const told = { exact, nowMs, keptFromMs, hoursUntilMs, lateHoursMs };
  const { originMs, ranges } = rangesOf({ fromMs, toMs, stepMs }, told);
  const binned = keys.includes("bucket") ? [sql.add(`${stepSeconds} s`), sql.add(new Date(originMs))] : [];
  const nothing: Range = { table: "log_line", fromMs, toMs: fromMs };
  const parts = (ranges.length > 0 ? ranges : [nothing]).map(({ table, ...range }) => {
    const [at, level, count] = table === "log_line" ? ["at", LEVEL, "count(*)"] : ["bucket_at", "level", "sum(count)"];
    const columns: Record<Key, string> = {
      ...{ service: "service", environment: "environment", version: "version", level },
      pattern_id: "coalesce(pattern_id, 0)",
      bucket: `date_bin(${binned[0]}::interval, ${at}, ${binned[1]}::timestamptz)`,
    };
    const selected = keys.map((key) => `${columns[key]} as ${key}`);
    const conditions = [
      `${at} >= ${sql.add(new Date(range.fromMs))}`,
      `${at} < ${sql.add(new Date(range.toMs))}`,
      ...(table === "log_line" ? lineConditions(filter, sql) : countConditions(filter, sql)),
    ];
    return `select ${selected.join(", ")}, ${count}::int8 as count
      from ${table} where ${conditions.join(" and ")} group by ${keys.map((_, i) => i + 1).join(", ")}`;
  });
  return parts.join("\nunion all\n");
}

const ORIGIN_FIELDS = ["service", "environment", "version"] as const;

function countConditions(filter: ResolvedFilter, sql: SqlValues): string[] {
  const conditions: string[] = [];
  for (const column of ORIGIN_FIELDS) {
    const wanted = filter[column];
    if (wanted !== undefined) conditions.push(`${column} = ${sql.add(wanted)}`);
  }
  if (filter.minSeverity !== undefined) conditions.push(`level >= ${sql.add(levelNumber(filter.minSeverity))}`);
  if (filter.patternIds !== null) conditions.push(`pattern_id = any(${sql.add(filter.patternIds)}::int4[])`);
  for (const term of filter.terms) {
    const column = term.kind === "field" ? ORIGIN_FIELDS.find((name) => name === term.field) : undefined;
    if (column) conditions.push(`${column} ${term.negated ? "not " : ""}like ${sql.add(globLike(term.value))}`);
  }
  if (filter.terms.length > 0) conditions.push(...searchable(["concat_ws(' ', service, environment, version)"], sql));
  return conditions;
}

const isOfOrigin = (term: LogFilter["terms"][number]): boolean =>
  term.kind === "field" && ORIGIN_FIELDS.some((name) => name === term.field);

/** True when rollups hold all that a filter asks about. */
const isCounted = ({ instance, traceId, minSeverity = 0 }: LogFilter): boolean =>
  instance === undefined && traceId === undefined && (minSeverity <= 0 || (minSeverity - 1) % 4 === 0);

/** Lines per bucket and level. */
export async function countLines(
  parts: StoreParts,
  { window, filter, stepSeconds }: Parameters<LogSource["counts"]>[0],
  signal?: AbortSignal,
): Promise<{ bucketMs: number; level: LogLevel | null; count: number }[]> {
  const sql = createSqlValues();
  const resolved = await resolveFilter(parts.database, filter);
  const exact = isCounted(filter) && filter.terms.every(isOfOrigin);
  const asked = { window, filter: resolved, stepSeconds, exact };
  const counted = await countedSql(parts, asked, ["level", "bucket"], sql);
  const rows = await parts.database.read<{ bucket_ms: number; level: number; count: string }>(
    `select ${MS_OF_BUCKET} as bucket_ms, level, sum(count)::text as count
     from (${counted}) c group by bucket, level order by bucket, level`,
    sql.values,
    signal,
  );
  return rows.map((row) => ({ bucketMs: row.bucket_ms, level: levelOf(row.level), count: Number(row.count) }));
}

const MOST_ORIGINS = 1_000;

/** Lines per service and environment. */
export async function countOrigins(
  parts: StoreParts,
  { window }: { window: TimeWindow },
  signal?: AbortSignal,
): Promise<LineOrigin[]> {
  const sql = createSqlValues();
  const filter: ResolvedFilter = { terms: [], patternIds: null };
  const asked = { window, filter, stepSeconds: HOUR_MS / 1_000, exact: true };
  const counted = await countedSql(parts, asked, ["service", "environment"], sql);
  const rows = await parts.database.read<{ service: string; environment: string; lines: string }>(
    `select service, environment, sum(count)::text as lines from (${counted}) c group by 1, 2
     order by sum(count) desc limit ${sql.add(MOST_ORIGINS)}`,
    sql.values,
    signal,
  );
  return rows.map((row) => ({ ...row, lines: Number(row.lines) }));
}

interface PatternRow {
  [column: string]: unknown;
  id: number;
  template: string;
  name: string | null;
  pinned: boolean;
  ignored: boolean;
  first_seen_at: Date;
}

interface CountRow {
  [column: string]: unknown;
  pattern: number;
  service: string;
  environment: string;
  version: string;
  level: number;
  bucket_ms: number;
  count: string;
}

/**
 * How often patterns were seen. Text terms are applied to the template. @throws INVALID for terms that only single
 * lines can tell: instance, trace and attributes
 */
export async function countPatterns(
  parts: StoreParts,
  { window, filter, stepSeconds }: { window: TimeWindow; filter: LogFilter; stepSeconds: number },
  signal?: AbortSignal,
): Promise<PatternCount[]> {
  const other = filter.terms.find((term) => term.kind === "field" && !isOfOrigin(term));
  if (other?.kind === "field" || filter.instance !== undefined || filter.traceId !== undefined)
    throw new AppError(
      "INVALID",
      `Patterns are counted by service, environment, version and level: ${other?.kind === "field" ? other.field : "instance and trace"} cannot be asked of them. Leave it out, or search the lines.`,
    );
  const sql = createSqlValues();
  const texts = filter.terms.flatMap((term) => (term.kind === "text" ? [term] : []));
  const fields = { ...filter, terms: filter.terms.filter((term) => term.kind === "field") };
  const resolved = await resolveFilter(parts.database, fields);
  const asked = { window, filter: resolved, stepSeconds, exact: isCounted(filter) };
  const keys = ["service", "environment", "version", "pattern_id", "level", "bucket"] as const;
  const counted = await countedSql(parts, asked, keys, sql);
  // a pattern is seen in many buckets, and its template may be long: it is fetched once
  const rows = await parts.database.read<CountRow>(
    `select coalesce(p.merged_into, p.id) as pattern, service, environment, version, level, ${MS_OF_BUCKET} as bucket_ms,
       sum(count)::text as count
     from (${counted}) l join log_pattern p on p.id = l.pattern_id
     group by coalesce(p.merged_into, p.id), service, environment, version, level, bucket`,
    sql.values,
    signal,
  );
  const patterns = await findPatterns(parts.database, rows, texts, signal);
  return rows.flatMap(({ pattern, service, environment, version, level, bucket_ms: bucketMs, count }) => {
    const shown = patterns.get(pattern);
    if (!shown) return [];
    return { ...shown, service, environment, version, level: levelOf(level), bucketMs, count: Number(count) };
  });
}

type Pattern = Omit<PatternCount, "service" | "environment" | "version" | "level" | "bucketMs" | "count">;

/** The patterns of these rows whose templates meet the texts, by id. */
async function findPatterns(
  database: Database,
  rows: readonly CountRow[],
  texts: readonly Extract<LogTerm, { kind: "text" }>[],
  signal: AbortSignal | undefined,
): Promise<Map<number, Pattern>> {
  const sql = createSqlValues();
  const conditions = [
    `id = any(${sql.add([...new Set(rows.map((row) => row.pattern))])}::int4[])`,
    ...texts.map(
      ({ value, negated }) => `template ${negated ? "not " : ""}ilike ${sql.add(`%${literalLike(value)}%`)}`,
    ),
    ...(texts.length > 0 ? searchable(["template"], sql) : []),
  ];
  const found = await database.read<PatternRow>(
    `select id, template, name, pinned, ignored, first_seen_at from log_pattern where ${conditions.join(" and ")}`,
    sql.values,
    signal,
  );
  return new Map(
    found.map(({ id, first_seen_at, template, name, pinned, ignored }) => [
      id,
      { patternId: String(id), template, name, pinned, ignored, firstSeenAt: first_seen_at.toISOString() },
    ]),
  );
}
