import type { MetricQuery } from "../../agent/ports/metrics-source.ts";
import type { MatchedSeries } from "./matched-series.ts";
import { minuteRows } from "./minute-rows.ts";
import type { StoreParts } from "./record-writer.ts";
import { doneUntil, lateSeries } from "./rollup-progress.ts";
import { createSqlValues, type SqlValues } from "./sql-values.ts";
import { neighbourInterval } from "./usual-distance.ts";

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
  /** for averages, what `a` is divided by; for quantiles, the milliseconds that are known of the bucket's series together */
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
  return fn === "rate" || fn === "increase" || fn === "quantile"
    ? readGrowth(parts, fn, steps, series, sql, signal)
    : readValues(parts, fn, steps, series, sql, signal);
}

/** an instant in milliseconds after the first step's start */
const after = (instant: string, start: string): string => `(extract(epoch from ${instant})::float8 * 1000 - ${start})`;

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
  const rows = await bucketRows(parts, steps, { ids, neighbourMs, raw: false, ofValues: false }, sql);
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
       from metric_start b join wanted w using (series_id)
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
     select grp as group, step, sum(${fn === "rate" ? rate : "growth"}) as a,
       sum(to_ms - from_ms) as b
     from known where to_ms > from_ms group by grp, step`,
    sql.values,
    signal,
  );
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
}

/**
 * Rows like those of `metric_minute`, for the wanted series, the time of all steps and what lies beside it as far as
 * neighbours reach: from whole hours, whole minutes and, where neither is rolled up yet or steps are shorter, from
 * samples. A series to which samples came late is read from samples from there on, until it is rolled up again.
 */
async function bucketRows(
  { database }: StoreParts,
  steps: Steps,
  { ids, neighbourMs, raw, ofValues }: BucketOptions,
  sql: SqlValues,
): Promise<string> {
  const { startMs, stepMs, count } = steps;
  const endMs = startMs + count * stepMs;
  // the neighbours of what is in the steps may lie beside them
  const reachMs = neighbourMs + MINUTE_MS;
  const [fromMs, toMs] = [startMs - reachMs, endMs + reachMs];
  const rolled = !raw && stepMs % MINUTE_MS === 0 && startMs % MINUTE_MS === 0;
  const doneMs = rolled ? Math.min(toMs, Math.max(fromMs, await doneUntil(database, "metrics"))) : fromMs;
  const late = await lateSeries(database, ids, { fromMs, toMs: doneMs });
  const read = { fromMs, toMs, steps, rowsOf: raw && ofValues ? valueRows : minuteRows };
  if (late.size === 0) return selectsOf({ ...read, doneMs, wanted: "$1" }, sql).join(UNION);
  const punctual = sql.add(ids.filter((id) => !late.has(id)));
  const lateIds = sql.add([...late.keys()]);
  return [
    ...selectsOf({ ...read, doneMs, wanted: punctual }, sql),
    ...selectsOf({ ...read, doneMs: Math.min(...late.values()), wanted: lateIds }, sql),
  ].join(UNION);
}
const UNION = "\nunion all\n";

interface ReadRange {
  fromMs: number;
  toMs: number;
  /** before it, everything is rolled up */
  doneMs: number;
  steps: Steps;
  /** placeholder of the ids of series */
  wanted: string;
  rowsOf: (samples: string) => string;
}

function selectsOf(
  { fromMs, toMs, doneMs, steps: { startMs, stepMs, count }, wanted, rowsOf }: ReadRange,
  sql: SqlValues,
): string[] {
  const endMs = startMs + count * stepMs;
  const hoursMs =
    stepMs % HOUR_MS === 0 && startMs % HOUR_MS === 0
      ? Math.max(startMs, Math.floor(Math.min(doneMs, endMs) / HOUR_MS) * HOUR_MS)
      : startMs;
  const selects: string[] = [];
  const between = (column: string, first: number, end: number) =>
    `series_id = any(${wanted}::int4[]) and ${column} >= ${sql.add(new Date(first))} and ${column} < ${sql.add(new Date(end))}`;
  const addRolled = (table: "metric_minute" | "metric_hour", first: number, end: number): void => {
    const wide = table === "metric_hour" ? "1 hour" : "1 minute";
    if (end > first)
      selects.push(`select bucket_at, series_id, count, last, increase, sum, min, max,
        from_at, coalesce(first_at, bucket_at) as first_at, entry, coalesce(last_at, bucket_at + interval '${wide}') as last_at
        from ${table} where ${between("bucket_at", first, end)}`);
  };
  addRolled("metric_hour", startMs, hoursMs);
  addRolled("metric_minute", fromMs, Math.min(startMs, doneMs));
  addRolled("metric_minute", hoursMs, doneMs);
  const sampledMs = Math.max(doneMs, fromMs);
  if (toMs > sampledMs) {
    const width = sql.add(`${commonDivisor(stepMs, MINUTE_MS)} milliseconds`);
    const origin = sql.add(new Date(startMs));
    selects.push(
      rowsOf(`select distinct on (series_id, bucket_at, at) series_id, at, value,
        date_bin(${width}::interval, at, ${origin}::timestamptz) as bucket_at
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
