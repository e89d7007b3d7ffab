import type { Connection } from "../database.ts";
import { BASE_MS } from "../read/usual-distance.ts";
import { COUNTED_COLUMNS, minuteRows } from "./minute-rows.ts";
import type { Rollup } from "./rollup.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** notes of late samples that are worked through in one transaction */
const NOTES = 20_000;

const UPDATES = COUNTED_COLUMNS.split(", ")
  .slice(2)
  .map((column) => `${column} = excluded.${column}`)
  .join(", ");
const upsert = (table: "metric_minute" | "metric_hour", rows: string): string =>
  `insert into ${table} (${COUNTED_COLUMNS}) ${rows} on conflict (series_id, bucket_at) do update set ${UPDATES}`;

const SAMPLES = `
  select distinct on (series_id, bucket_at, at) series_id, at, value, date_bin('1 minute', at, 'epoch') as bucket_at
  from metric_sample where at >= $1 and at < $2 order by series_id, bucket_at, at`;

/** @param minutes rows of `metric_minute` as `m`, that make whole hours: what follows `from` */
const hourRows = (minutes: string): string => `
  select h.bucket_at, h.series_id, h.count, newest.last, h.increase, h.sum, h.min, h.max, oldest.from_at,
    oldest.first_at, oldest.entry, newest.last_at
  from (select date_bin('1 hour', m.bucket_at, 'epoch') as bucket_at, m.series_id, sum(m.count)::int as count,
          sum(m.increase) as increase, sum(m.sum) as sum, min(m.min) as min, max(m.max) as max,
          min(m.bucket_at) as oldest_at, max(m.bucket_at) as newest_at
        from ${minutes} group by 1, 2) h
  join metric_minute oldest on oldest.series_id = h.series_id and oldest.bucket_at = h.oldest_at
  join metric_minute newest on newest.series_id = h.series_id and newest.bucket_at = h.newest_at`;

const LATE_SAMPLES = `
  select distinct on (m.series_id, w.bucket_at, m.at) m.series_id, m.at, m.value, w.bucket_at
  from (select distinct series_id, bucket_at from late_notes where bucket_at < to_timestamp($1::float8 / 1000)) w
  join metric_sample m on m.series_id = w.series_id and m.at >= w.bucket_at and m.at < w.bucket_at + interval '1 minute'
  order by m.series_id, w.bucket_at, m.at`;
const LATE_HOURS = `
  (select distinct series_id, date_bin('1 hour', bucket_at, 'epoch') as hour_at from late_notes) w
  join metric_minute m on m.series_id = w.series_id and m.bucket_at >= w.hour_at
    and m.bucket_at < w.hour_at + interval '1 hour'
  where w.hour_at + interval '1 hour' <= to_timestamp($1::float8 / 1000)`;
/** A late sample also changes the growth of the next one, however far behind it that comes. */
const NEXT_NOTES = `
  insert into late_notes
  select n.series_id, date_bin('1 minute', later.at, 'epoch')
  from late_notes n cross join lateral (
    select m.at from metric_sample m where m.series_id = n.series_id and m.at >= n.bucket_at + interval '1 minute'
      and m.at < n.bucket_at + interval '1 minute' + interval '${BASE_MS} milliseconds'
    order by m.at limit 1) later`;

/** Drops buckets whose only samples have moved to another series: see unknown-starts.ts. */
const emptied = (table: "metric_minute" | "metric_hour"): string => {
  const wide = table === "metric_hour" ? "1 hour" : "1 minute";
  return `delete from ${table} b using late_notes n
    where b.series_id = n.series_id and b.bucket_at = date_bin('${wide}', n.bucket_at, 'epoch')
      and not exists (select from metric_sample m where m.series_id = n.series_id
        and m.at >= b.bucket_at and m.at < b.bucket_at + interval '${wide}')`;
};

/** Minutes from samples, and hours from minutes as soon as an hour is whole. */
export const METRIC_ROLLUP: Rollup = {
  job: "metrics",
  unitMs: MINUTE_MS,
  chunkMs: 5 * MINUTE_MS,
  graceMs: 30_000,
  raw: { table: "metric_sample", at: "at" },
  roll: async (tx, fromMs, toMs) => {
    await tx.query(upsert("metric_minute", minuteRows(SAMPLES)), [new Date(fromMs), new Date(toMs)]);
    // chunks divide the hour: one of them ends with it
    if (toMs % HOUR_MS === 0)
      await tx.query(upsert("metric_hour", hourRows("metric_minute m where m.bucket_at >= $1 and m.bucket_at < $2")), [
        new Date(toMs - HOUR_MS),
        new Date(toMs),
      ]);
  },
  redo: async (tx, doneMs) => {
    const taken = await takeNotes(tx, doneMs);
    if (taken === 0) return false;
    for (const table of ["metric_minute", "metric_hour"] as const) await tx.query(emptied(table));
    await tx.query(upsert("metric_minute", minuteRows(LATE_SAMPLES)), [doneMs]);
    await tx.query(upsert("metric_hour", hourRows(LATE_HOURS)), [doneMs]);
    return taken === NOTES;
  },
};

/** Moves notes into a table of this transaction, whose size the planner then knows. */
async function takeNotes(tx: Connection, doneMs: number): Promise<number> {
  const due = "select id from rollup_late_series where bucket_at < to_timestamp($1::float8 / 1000) order by id limit";
  if ((await tx.query(`${due} 1`, [doneMs])).rows.length === 0) return 0;
  await tx.query("create temporary table late_notes (series_id integer, bucket_at timestamptz) on commit drop");
  const { rowCount } = await tx.query(
    `with taken as (delete from rollup_late_series where id in (${due} ${NOTES}) returning series_id, bucket_at)
     insert into late_notes select series_id, bucket_at from taken`,
    [doneMs],
  );
  await tx.query(NEXT_NOTES);
  await tx.query("analyze late_notes");
  return rowCount ?? 0;
}
