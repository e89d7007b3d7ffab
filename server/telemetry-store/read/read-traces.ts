import { AppError } from "../../agent/kernel/errors.ts";
import {
  type Attributes,
  SPAN_KINDS,
  SPAN_STATUSES,
  type SpanEvent,
  type SpanLink,
  type SpanRecord,
} from "../../agent/ports/telemetry.ts";
import type { LinkingSpan, TraceFilter, TraceSource, TraceSummaryRecord } from "../../agent/ports/trace-source.ts";
import type { Database } from "../database.ts";
import { DAY_MS } from "../partitions/partitions.ts";
import { isTraceId } from "../write/record-checks.ts";
import { createSqlValues, instantText, microsOf, type SqlValues } from "./sql-values.ts";

const ERROR = SPAN_STATUSES.indexOf("error");
const TRACE_TEXT = "replace(trace_id::text, '-', '')";
const spanText = (column: string): string => `lpad(to_hex(${column}), 16, '0')`;
/** what comes into a service from outside, as the index `span_entry` has it */
const ENTRY = "(parent_span_id is null or kind in (1, 4))";

/** Conditions on one span, which some span of a trace has to meet. */
function spanConditions(filter: TraceFilter, sql: SqlValues): string[] {
  const conditions: string[] = [];
  const add = (condition: string, value: unknown) => {
    if (value !== undefined) conditions.push(`${condition} ${sql.add(value)}`);
  };
  add("service =", filter.service);
  add("environment =", filter.environment);
  add("name =", filter.operation);
  add("version =", filter.version);
  add("duration_ms >=", filter.minDurationMs);
  add("duration_ms <=", filter.maxDurationMs);
  // without a service any span would do, and every trace has a short one
  if (filter.service === undefined && filter.operation === undefined) conditions.push(ENTRY);
  return conditions;
}

interface Found {
  trace: string;
  micros: string;
}

/** Of a window the newest part is read first, then parts that are each four times as long. */
const FIRST_PART_MS = 60_000;
const GROWTH = 4;

/**
 * A page of traces, newest first. A trace stands at the first of its spans that meets the filter.
 * The newest part of the window is read first: most pages end there, however long the window is. @throws INVALID
 */
export async function listTraces(
  database: Database,
  { window, filter, limit, cursor }: Parameters<TraceSource["list"]>[0],
  signal?: AbortSignal,
): Promise<{ items: TraceSummaryRecord[]; nextCursor: string | null }> {
  const after = cursor === undefined ? null : placeOf(cursor);
  const found: Found[] = [];
  const first = window.from.getTime();
  // a trace stands before the cursor, or at its very instant
  let to = after ? Math.min(window.to.getTime(), Math.floor(Number(after.micros) / 1_000) + 1) : window.to.getTime();
  for (let partMs = FIRST_PART_MS; found.length <= limit && to > first; partMs *= GROWTH) {
    const from = Math.max(first, to - partMs);
    const wanted = limit + 1 - found.length;
    found.push(...(await findTraces(database, { window, from, to, filter, after, wanted }, signal)));
    to = from;
  }
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    items: await summaries(database, page, signal),
    nextCursor: found.length > limit && last ? `${last.micros}-${last.trace}` : null,
  };
}

interface Part {
  window: { from: Date };
  /** ms since 1970 */
  from: number;
  to: number;
  filter: TraceFilter;
  after: Found | null;
  wanted: number;
}

/**
 * Traces whose first matching span lies in one part of the window. The conditions on a single trace read its spans by the
 * index on the trace's id: `offset 0` keeps PostgreSQL from turning them into a join, which compares each span with each
 * while it has no statistics of a day.
 */
async function findTraces(
  database: Database,
  { window, from, to, filter, after, wanted }: Part,
  signal?: AbortSignal,
): Promise<Found[]> {
  const sql = createSqlValues();
  const begin = sql.add(new Date(from));
  const conditions = spanConditions(filter, sql);
  const matching = [`start_at >= ${begin}`, `start_at < ${sql.add(new Date(to))}`, ...conditions].join(" and ");
  const ofTrace = "(select * from span where trace_id = s.trace_id offset 0)";
  const stands = [
    `not exists (select from ${ofTrace} e
       where ${[`start_at < ${begin}`, `start_at >= ${sql.add(window.from)}`, ...conditions].join(" and ")})`,
    ...(filter.onlyErrors ? [`exists (select from ${ofTrace} e where status = ${ERROR})`] : []),
    ...(after
      ? [
          `(start_at, trace_id) < (${sql.add(instantText(BigInt(after.micros)))}::timestamptz, ${sql.add(after.trace)}::uuid)`,
        ]
      : []),
  ];
  return database.read<Found & { [column: string]: unknown }>(
    `select ${microsOf("start_at")} as micros, replace(trace_id::text, '-', '') as trace
     from (select trace_id, min(start_at) as start_at from span where ${matching} group by trace_id) s
     where ${stands.join(" and ")}
     order by start_at desc, trace_id desc limit ${sql.add(wanted)}`,
    sql.values,
    signal,
  );
}

function placeOf(cursor: string): Found {
  const [, micros, trace] = /^(\d{1,17})-([0-9a-f]{32})$/.exec(cursor) ?? [];
  if (micros !== undefined && trace !== undefined) return { micros, trace };
  throw new AppError("INVALID", "The cursor is not one of this source. Ask for the first page again.");
}

/** the order of `rootSpan` of the kernel */
const ROOT_FIRST = "parent_span_id is null desc, top desc, start_at, duration_ms desc";

interface SummaryRow {
  [column: string]: unknown;
  trace: string;
  root_service: string;
  root_name: string;
  start_ms: number;
  duration_ms: number;
  spans: number;
  errors: number;
  services: string[];
}

/** Of whole traces, as far as they arrived within a day of what was found. */
async function summaries(
  database: Database,
  found: readonly Found[],
  signal?: AbortSignal,
): Promise<TraceSummaryRecord[]> {
  const times = found.map(({ micros }) => Number(micros) / 1_000);
  if (times.length === 0) return [];
  const rows = await database.read<SummaryRow>(
    `with s as materialized (
       select distinct on (trace_id, span_id) trace_id, span_id, parent_span_id, service, name, status, start_at,
         duration_ms, extract(epoch from start_at)::float8 * 1000 as start_ms
       from span where trace_id = any($1::uuid[]) and start_at >= $2 and start_at < $3 order by trace_id, span_id)
     select ${TRACE_TEXT} as trace, (array_agg(service order by ${ROOT_FIRST}))[1] as root_service,
       (array_agg(name order by ${ROOT_FIRST}))[1] as root_name, min(start_ms) as start_ms, count(*)::int as spans,
       case when bool_or(parent_span_id is null) or count(*) filter (where top) <= 1
         then (array_agg(duration_ms order by ${ROOT_FIRST}))[1]
         else max(start_ms + duration_ms) - min(start_ms) end as duration_ms,
       (count(*) filter (where status = ${ERROR}))::int as errors, array_agg(distinct service order by service) as services
     from (select *, ((trace_id, parent_span_id) in (select trace_id, span_id from s)) is not true as top from s) t
     group by trace_id`,
    [found.map(({ trace }) => trace), new Date(Math.min(...times) - DAY_MS), new Date(Math.max(...times) + DAY_MS)],
    signal,
  );
  const byTrace = new Map(rows.map((row) => [row.trace, row]));
  return found.flatMap(({ trace }) => {
    const row = byTrace.get(trace);
    return row ? [summaryOf(row)] : [];
  });
}

const summaryOf = (row: SummaryRow): TraceSummaryRecord => ({
  traceId: row.trace,
  rootService: row.root_service,
  rootName: row.root_name,
  startAt: new Date(row.start_ms).toISOString(),
  // times are kept to the microsecond
  durationMs: Math.round(row.duration_ms * 1_000) / 1_000,
  spans: row.spans,
  errors: row.errors,
  services: row.services,
});

interface SpanRow {
  [column: string]: unknown;
  micros: string;
  trace: string;
  span: string;
  parent: string | null;
  service: string;
  environment: string;
  version: string;
  instance: string;
  name: string;
  kind: number;
  status: number;
  status_message: string;
  duration_ms: number;
  attributes: Attributes | null;
  events: SpanEvent[] | null;
  links: SpanLink[] | null;
}

/** All spans of a trace, each once, earliest first; null when there are none. */
export async function getTrace(
  database: Database,
  traceId: string,
  signal?: AbortSignal,
): Promise<SpanRecord[] | null> {
  if (!isTraceId(traceId)) return null;
  const rows = await database.read<SpanRow>(
    `select * from (
       select distinct on (span_id) ${microsOf("start_at")} as micros, start_at, ${TRACE_TEXT} as trace,
         ${spanText("span_id")} as span, ${spanText("parent_span_id")} as parent, service, environment, version, instance,
         name, kind, status, status_message, duration_ms, attributes, events, links
       from span where trace_id = $1::uuid order by span_id) s
     order by start_at, span`,
    [traceId],
    signal,
  );
  return rows.length === 0 ? null : rows.map(spanOf);
}

const spanOf = (row: SpanRow): SpanRecord => ({
  traceId: row.trace,
  spanId: row.span,
  parentSpanId: row.parent,
  service: row.service,
  environment: row.environment,
  version: row.version,
  instance: row.instance,
  name: row.name,
  kind: SPAN_KINDS[row.kind] ?? "internal",
  status: SPAN_STATUSES[row.status] ?? "unset",
  statusMessage: row.status_message,
  startMs: Number(row.micros) / 1_000,
  durationMs: row.duration_ms,
  attributes: row.attributes ?? {},
  events: row.events ?? [],
  links: row.links ?? [],
});

interface LinkingRow {
  [column: string]: unknown;
  trace: string;
  span: string;
  service: string;
  name: string;
  start_at: Date;
  links: SpanLink[];
}

/** Spans that have a link to a span of this trace, newest first. */
export async function linksTo(
  database: Database,
  { traceId, limit }: { traceId: string; limit: number },
  signal?: AbortSignal,
): Promise<LinkingSpan[]> {
  if (!isTraceId(traceId)) return [];
  const rows = await database.read<LinkingRow>(
    `select * from (
       select distinct on (trace_id, span_id) ${TRACE_TEXT} as trace, ${spanText("span_id")} as span, service, name,
         start_at, links
       from span where links @> $1::jsonb order by trace_id, span_id) s
     order by start_at desc, trace, span limit $2`,
    [JSON.stringify([{ traceId }]), limit],
    signal,
  );
  return rows.map(({ trace, span, service, name, start_at, links }) => ({
    ...{ traceId: trace, spanId: span, service, name, startAt: start_at.toISOString() },
    toSpanIds: [...new Set(links.filter((link) => link.traceId === traceId).map((link) => link.spanId))],
  }));
}
