import type { MetricQuery } from "../../agent/ports/metrics-source.ts";
import type { Database } from "../database.ts";
import { listPartitions } from "../partitions/partitions.ts";
import { minuteRows } from "../rollup/minute-rows.ts";
import { doneUntil, lateSeries } from "../rollup/rollup-progress.ts";
import type { MatchedSeries } from "../series/matched-series.ts";
import type { StoreParts } from "../write/record-writer.ts";
import { createSqlValues, type SqlValues } from "./sql-values.ts";
import { BASE_MS, neighbourInterval } from "./usual-distance.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface Steps {
  startMs: number;
  stepMs: number;
  count: number;
}

/** One figure of a group in a step; which columns mean something depends on the function. */
export interface Cell {
  [column: string]: unknown;
  group: number;
  step: number;
  a: number | null;
  /** for averages, what `a` is divided by */
  b: number | null;
}

type MetricFunction = MetricQuery["fn"];

export function readCells(
  parts: StoreParts,
  { fn }: Pick<MetricQuery, "fn">,
  steps: Steps,
  series: MatchedSeries,
  signal: AbortSignal | undefined,
): Promise<Cell[]> {
  const sql = createSqlValues();
  sql.add(series.ids);
  sql.add(series.group);
  return fn === "rate" || fn === "increase"
    ? readGrowth(parts, fn, steps, series, sql, signal)
    : readValues(parts, fn, steps, series, sql, signal);
}

/** an instant in milliseconds after the first step's start */
export const after = (instant: string, start: string): string =>
  `(extract(epoch from ${instant})::float8 * 1000 - ${start})`;

/**
 * What counters grew by: each growth is spread evenly over the time between its samples. A rate is per second of the
 * step; where its samples leave an end of it open, the series is taken to go on as before, as far as the next
 * sample may be away, else for half of that (Prometheus, promql/functions.go, extrapolatedRate).
 */
async function readGrowth(
  parts: StoreParts,
  fn: MetricFunction,
  steps: Steps,
  { ids, neighbourMs }: MatchedSeries,
  sql: SqlValues,
  signal: AbortSignal | undefined,
): Promise<Cell[]> {
  const rows = await grownRows(parts, steps, { ids, neighbourMs }, sql);
  const start = `${sql.add(steps.startMs)}::float8`;
  const width = `${sql.add(steps.stepMs)}::float8`;
  const newest = `${sql.add(steps.count - 1)}::int`;
  const edge = (open: string) => `case when ${open} <= 1.1 * distance then ${open} else distance / 2 end`;
  // before its birth a counter did not count, and what was sent once may have been all
  const lead = `case when born then 0 else ${edge(`(from_ms - step * ${width})`)} end`;
  const trail = `case when born and count < 2 then 0 else ${edge(`((step + 1) * ${width} - to_ms)`)} end`;
  const rate = `growth * (1 + (${lead} + ${trail}) / (to_ms - from_ms)) / (${width} / 1000)`;
  return parts.database.read<Cell>(
    `with wanted as (select * from unnest($1::int4[], $2::int4[]) as u(series_id, grp)),
     rows as (
       select w.grp, r.*, ${after("r.from_at", start)} as from_ms, ${after("r.first_at", start)} as first_ms,
         ${after("r.last_at", start)} as last_ms
       from (${rows}) r join wanted w using (series_id) where r.increase is not null
     ),
     spread as (
       select grp, series_id, from_ms, first_ms as to_ms, entry as growth, false as born from rows where from_ms < first_ms
       union all
       select w.grp, b.series_id, ${after("b.start_at", start)}, ${after("b.at", start)}, b.value, true
       from metric_start b join wanted w using (series_id) join metric_series s on s.id = b.series_id and s.kind = 1
       where b.at > ${sql.add(new Date(steps.startMs))} and b.start_at < ${sql.add(new Date(steps.startMs + steps.count * steps.stepMs))}
     ),
     parts as (
       select grp, series_id, floor(first_ms / ${width})::int as step, first_ms as from_ms, last_ms as to_ms,
         increase - coalesce(entry, 0) as growth, count, null::float8 as apart, false as born
       from rows
       union all
       select grp, series_id, i.step, greatest(from_ms, i.step * ${width}), least(to_ms, (i.step + 1) * ${width}),
         growth * (least(to_ms, (i.step + 1) * ${width}) - greatest(from_ms, i.step * ${width})) / (to_ms - from_ms),
         0, to_ms - from_ms, born and from_ms >= i.step * ${width}
       from spread, generate_series(greatest(0, floor(from_ms / ${width}))::int,
         least(${newest}, ceil(to_ms / ${width}) - 1)::int) as i(step)
     ),
     known as (
       select grp, series_id, step, sum(growth) as growth, min(from_ms) as from_ms, max(to_ms) as to_ms,
         coalesce((max(to_ms) - min(from_ms)) / nullif(sum(count), 0), max(apart)) as distance,
         bool_or(born) as born, sum(count) as count
       from parts where step between 0 and ${newest} group by grp, series_id, step
     )
     select grp as group, step, sum(${fn === "rate" ? rate : "growth"}) as a, null::float8 as b
     from known where to_ms > from_ms group by grp, step`,
    sql.values,
    signal,
  );
}

/** Rows of counters; also the first behind the steps, where it tells what grew across a hole that begins in them. */
export async function grownRows(
  parts: StoreParts,
  steps: Steps,
  series: Omit<BucketOptions, "raw" | "ofValues">,
  sql: SqlValues,
): Promise<string> {
  const rows = await bucketRows(parts, steps, { ...series, raw: false, ofValues: false }, sql);
  const endMs = steps.startMs + steps.count * steps.stepMs;
  const fromMs = endMs + series.neighbourMs + MINUTE_MS;
  if (fromMs >= parts.now().getTime()) return rows;
  const doneMs = Math.max(fromMs, isRolled(steps) ? await doneUntil(parts.database, "metrics") : 0);
  const [from, done, end] = [fromMs, doneMs, endMs].map((ms) => `${sql.add(new Date(ms))}::timestamptz`);
  const first = (columns: string, table: string, at: string, [least, most]: [string, string]) =>
    `select r.* from unnest($1::int4[]) as u(id) cross join lateral (
       select ${columns} from ${table} where series_id = u.id and ${at} >= ${least} and ${at} < ${most}
       order by ${at} limit 1) r`;
  const until = `${from} + interval '${BASE_MS} milliseconds'`;
  const later = [
    first(rolledColumns("1 minute"), "metric_minute", "bucket_at", [`${from}`, `least(${done}, ${until})`]),
    minuteRows(
      first("series_id, at, value, date_bin('1 minute', at, 'epoch') as bucket_at", "metric_sample", "at", [
        `${done}`,
        until,
      ]),
    ),
  ];
  return [rows, ...later.map((one) => `select * from (${one}) later where from_at < ${end}`)].join(UNION);
}

/** How a function is summed up over the series and buckets of a group and step. */
const FIGURES: Partial<Record<MetricFunction, [a: string, b: string]>> = {
  avg: ["sum(sum)", "sum(count)::float8"],
  sum: ["sum(sum)", "null::float8"],
  min: ["min(min)", "null::float8"],
  max: ["max(max)", "null::float8"],
  last: ["sum(last)", "null::float8"],
  count: ["count(distinct series_id)::float8", "null::float8"],
};

/** Steps between two neighbours that hold no sample have the value of the earlier one. */
async function readValues(
  parts: StoreParts,
  fn: MetricFunction,
  steps: Steps,
  series: MatchedSeries,
  sql: SqlValues,
  signal: AbortSignal | undefined,
): Promise<Cell[]> {
  const ofValues = fn === "avg" || fn === "sum" || fn === "min" || fn === "max";
  // of counters the rollups know growth alone
  const rows = await bucketRows(
    parts,
    steps,
    { ids: series.ids, neighbourMs: series.neighbourMs, raw: ofValues && series.counters, ofValues },
    sql,
  );
  const start = `${sql.add(steps.startMs)}::float8`;
  const width = `${sql.add(steps.stepMs)}::float8`;
  const count = `${sql.add(steps.count)}::int`;
  const stepOf = (instant: string) => `floor(${after(instant, start)} / ${width})::int`;
  const minuteOf = (instant: string) => `date_bin('1 minute', ${instant}, 'epoch')`;
  const [a, b] = FIGURES[fn] ?? ["null::float8", "null::float8"];
  const newest = fn === "last" ? "distinct on (series_id, step)" : "";
  return parts.database.read<Cell>(
    `with wanted as (select * from unnest($1::int4[], $2::int4[]) as u(series_id, grp)),
     rows as (${rows}),
     own as (
       select w.grp, r.series_id, s.apart_ms, r.bucket_at, ${stepOf("r.bucket_at")} as step, r.count, r.last, r.sum, r.min, r.max,
         lead(r.bucket_at) over (partition by r.series_id order by r.bucket_at) as next_at
       from rows r join wanted w using (series_id) join metric_series s on s.id = r.series_id
     ),
     held as (
       select grp, series_id, bucket_at, i.step, 1 as count, last, last as sum, last as min, last as max
       from own, generate_series(greatest(own.step + 1, 0), least(${stepOf("next_at")}, ${count}) - 1) as i(step)
       where ${minuteOf("next_at")} - ${minuteOf("bucket_at")} <= ${neighbourInterval("apart_ms")}
     ),
     told as (
       select ${newest} * from (
         select grp, series_id, bucket_at, step, count, last, sum, min, max from own where step >= 0 and step < ${count}
         union all select * from held) every_step
       ${fn === "last" ? "order by series_id, step, bucket_at desc" : ""}
     )
     select grp as group, step, ${a} as a, ${b} as b from told group by grp, step`,
    sql.values,
    signal,
  );
}

interface BucketOptions {
  ids: readonly number[];
  neighbourMs: number;
  raw: boolean;
  ofValues: boolean;
  /** one number for each id: series of one number are read from the same rollups or samples */
  stream?: readonly number[];
  /** series of which each sample is a row of its own, as far as samples are kept; from minutes before */
  instants?: readonly number[];
}

/**
 * Rows like those of `metric_minute`, for the wanted series, the time of all steps and what lies beside it as far as
 * neighbours reach: from whole hours, whole minutes and, where neither is rolled up yet or steps are shorter, from
 * samples. A series to which samples came late is read from samples from there on, until it is rolled up again.
 */
async function bucketRows(
  { database }: StoreParts,
  steps: Steps,
  { ids, neighbourMs, raw, ofValues, stream, instants = [] }: BucketOptions,
  sql: SqlValues,
): Promise<string> {
  const { startMs, stepMs, count } = steps;
  const endMs = startMs + count * stepMs;
  // the neighbours of what is in the steps may lie beside them
  const reachMs = neighbourMs + MINUTE_MS;
  const [fromMs, toMs] = [startMs - reachMs, endMs + reachMs];
  const rolled = !raw && isRolled(steps);
  const doneMs = rolled ? Math.min(toMs, Math.max(fromMs, await doneUntil(database, "metrics"))) : fromMs;
  const late = withStreams(await lateSeries(database, ids, { fromMs, toMs: doneMs }), ids, stream);
  const read = { fromMs, toMs, steps, rowsOf: raw && ofValues ? valueRows : minuteRows };
  const single = new Set(instants);
  const punctual = ids.filter((id) => !late.has(id) && !single.has(id));
  const lateIds = [...late.keys()].filter((id) => !single.has(id));
  const selects: string[] = [];
  if (punctual.length > 0) selects.push(...selectsOf({ ...read, doneMs, wanted: sql.add(punctual) }, sql));
  if (lateIds.length > 0)
    selects.push(...selectsOf({ ...read, doneMs: Math.min(...late.values()), wanted: sql.add(lateIds) }, sql));
  if (instants.length > 0) {
    const keptMs = rolled ? Math.min(doneMs, Math.max(fromMs, await samplesFrom(database))) : fromMs;
    selects.push(...selectsOf({ ...read, doneMs: keptMs, wanted: sql.add([...instants]), instants: true }, sql));
  }
  return selects.join(UNION);
}

/** What is late of one series is late of its stream. */
function withStreams(
  late: Map<number, number>,
  ids: readonly number[],
  stream: readonly number[] | undefined,
): Map<number, number> {
  if (stream === undefined || late.size === 0) return late;
  const ofStream = new Map<number, number>();
  ids.forEach((id, i) => {
    const [own, lateMs] = [stream[i] ?? 0, late.get(id)];
    if (lateMs !== undefined) ofStream.set(own, Math.min(lateMs, ofStream.get(own) ?? lateMs));
  });
  return new Map(
    ids.flatMap((id, i) => {
      const lateMs = ofStream.get(stream[i] ?? 0);
      return lateMs === undefined ? [] : [[id, lateMs] as const];
    }),
  );
}

/** Since when samples are kept, ms since 1970: days are dropped as a whole. */
async function samplesFrom(database: Database): Promise<number> {
  const days = (await listPartitions(database)).filter(({ table }) => table === "metric_sample");
  return Math.min(...days.map(({ startMs }) => startMs));
}
const UNION = "\nunion all\n";

const isRolled = ({ startMs, stepMs }: Steps): boolean => stepMs % MINUTE_MS === 0 && startMs % MINUTE_MS === 0;

const rolledColumns = (
  wide: "1 hour" | "1 minute",
): string => `bucket_at, series_id, count, last, increase, sum, min, max,
  from_at, coalesce(first_at, bucket_at) as first_at, entry, coalesce(last_at, bucket_at + interval '${wide}') as last_at`;

interface ReadRange {
  fromMs: number;
  toMs: number;
  /** before it, everything is rolled up */
  doneMs: number;
  steps: Steps;
  /** placeholder of the ids of series */
  wanted: string;
  rowsOf: (samples: string) => string;
  /** a row for each sample; no hours */
  instants?: boolean;
}

function selectsOf(
  { fromMs, toMs, doneMs, steps: { startMs, stepMs, count }, wanted, rowsOf, instants = false }: ReadRange,
  sql: SqlValues,
): string[] {
  const endMs = startMs + count * stepMs;
  const hoursMs =
    !instants && stepMs % HOUR_MS === 0 && startMs % HOUR_MS === 0
      ? Math.max(startMs, Math.floor(Math.min(doneMs, endMs) / HOUR_MS) * HOUR_MS)
      : startMs;
  const selects: string[] = [];
  const between = (column: string, first: number, end: number) =>
    `series_id = any(${wanted}::int4[]) and ${column} >= ${sql.add(new Date(first))} and ${column} < ${sql.add(new Date(end))}`;
  const addRolled = (table: "metric_minute" | "metric_hour", first: number, end: number): void => {
    const wide = table === "metric_hour" ? "1 hour" : "1 minute";
    if (end > first)
      selects.push(`select ${rolledColumns(wide)} from ${table} where ${between("bucket_at", first, end)}`);
  };
  addRolled("metric_hour", startMs, hoursMs);
  addRolled("metric_minute", fromMs, Math.min(startMs, doneMs));
  addRolled("metric_minute", hoursMs, doneMs);
  const sampledMs = Math.max(doneMs, fromMs);
  if (toMs > sampledMs) {
    const bucket = instants
      ? "at"
      : `date_bin(${sql.add(`${commonDivisor(stepMs, MINUTE_MS)} milliseconds`)}::interval, at, ${sql.add(new Date(startMs))}::timestamptz)`;
    selects.push(
      rowsOf(`select distinct on (series_id, bucket_at, at) series_id, at, value,
        ${bucket} as bucket_at
      from metric_sample where ${between("at", sampledMs, toMs)} order by series_id, bucket_at, at`),
    );
  }
  return selects;
}

const valueRows = (samples: string): string => `
  select bucket_at, series_id, count(*)::int as count, (array_agg(value order by at desc))[1] as last,
    null::float8 as increase, sum(value) as sum, min(value) as min, max(value) as max,
    null::timestamptz as from_at,
    min(at) as first_at, null::float8 as entry, max(at) as last_at from (${samples}) s group by 1, 2`;

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));
