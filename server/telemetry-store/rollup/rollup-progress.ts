import type pg from "pg";
import type { Connection, Database } from "../database.ts";

/**
 * Rollups run behind the writers, from closed minutes. A writer that comes after the closing must say so, and one that
 * began before it must be waited for: writers hold a lock together, closing takes it alone for a moment.
 */
const JOBS = { logs: 1, metrics: 2, spans: 3 } as const;
export type RollupJob = keyof typeof JOBS;

/**
 * To be called first in a writing transaction. Records before the instant (ms since 1970) that is returned are late:
 * a note of their bucket has to be left in the same transaction.
 */
export async function closedUntil(tx: Connection, job: RollupJob): Promise<number> {
  // two statements: the second must see what was committed while the first waited
  const results = (await tx.query(
    `select pg_advisory_xact_lock_shared(7310011, ${JOBS[job]});
     select extract(epoch from closed_until)::float8 * 1000 as ms from rollup_progress where job = '${job}'`,
  )) as unknown as pg.QueryResult<{ ms: number | null }>[];
  return results[1]?.rows[0]?.ms ?? Number.NEGATIVE_INFINITY;
}

/** Leaves notes that something came late into these buckets. */
export async function noteLate(tx: Connection, job: RollupJob, bucketsMs: Iterable<number>): Promise<void> {
  const buckets = [...new Set(bucketsMs)];
  if (buckets.length > 0)
    await tx.query(
      "insert into rollup_late (job, bucket_at) select $1, to_timestamp(b / 1000) from unnest($2::float8[]) b",
      [job, buckets],
    );
}

/** Closes the buckets before an instant, after all writers that took them for open have committed. Moves forward only. */
export async function closeUntil(tx: Connection, job: RollupJob, atMs: number): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(7310011, ${JOBS[job]})`);
  await tx.query(
    `update rollup_progress set closed_until = greatest(closed_until, to_timestamp($2::float8 / 1000)) where job = $1`,
    [job, atMs],
  );
}

/** True when this transaction may do the job's work; false while another process does. It may take its time. */
export async function takeJob(tx: Connection, job: RollupJob): Promise<boolean> {
  await tx.query("set local statement_timeout = '10min'");
  const { rows } = await tx.query(`select pg_try_advisory_xact_lock(7310012, ${JOBS[job]}) as taken`);
  return rows[0]?.taken === true;
}

/** The instant (ms since 1970) before which everything but what came late is rolled up; 0 when nothing is. */
export async function doneUntil(database: Pick<Database, "read">, job: RollupJob): Promise<number> {
  const [row] = await database.read<{ ms: number | null }>(
    "select extract(epoch from done_until)::float8 * 1000 as ms from rollup_progress where job = $1",
    [job],
  );
  return row?.ms ?? 0;
}

/**
 * Starts (ms since 1970) of buckets in a range to which something came after they were rolled up, in order: until they
 * are made again, the records tell of them. To be asked after doneUntil, and before what is rolled up is read.
 */
export async function lateBuckets(
  database: Pick<Database, "read">,
  job: Exclude<RollupJob, "metrics">,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<number[]> {
  if (toMs <= fromMs) return [];
  const rows = await database.read<{ ms: number }>(
    `select distinct extract(epoch from bucket_at)::float8 * 1000 as ms from rollup_late
     where job = $1 and bucket_at >= $2 and bucket_at < $3 order by ms`,
    [job, new Date(fromMs), new Date(toMs)],
  );
  return rows.map(({ ms }) => ms);
}

/** As lateBuckets, of series: the first such minute of each that has one. */
export async function lateSeries(
  database: Pick<Database, "read">,
  ids: readonly number[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<Map<number, number>> {
  if (toMs <= fromMs) return new Map();
  const rows = await database.read<{ id: number; ms: number }>(
    `select series_id as id, extract(epoch from min(bucket_at))::float8 * 1000 as ms from rollup_late_series
     where series_id = any($1::int4[]) and bucket_at >= $2 and bucket_at < $3 group by series_id`,
    [ids, new Date(fromMs), new Date(toMs)],
  );
  return new Map(rows.map(({ id, ms }) => [id, ms]));
}
