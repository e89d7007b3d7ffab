import { inSpan } from "../../agent/telemetry/span.ts";
import type { Connection, Database } from "../database.ts";
import { DAY_MS, listPartitions, type Partition, type PartitionedName } from "../partitions/partitions.ts";
import { closeUntil, type RollupJob, takeJob } from "./rollup-progress.ts";

const HOUR_MS = 3_600_000;

/** How one signal is rolled up. */
export interface Rollup {
  job: RollupJob;
  /** of a bucket */
  unitMs: number;
  /** of one transaction at most, when there is much to catch up with */
  chunkMs: number;
  /** what comes within so long after the end of its bucket is not late */
  graceMs: number;
  /** the table and time of what is rolled up */
  raw: { table: PartitionedName; at: string };
  /** Makes the buckets from `fromMs` to `toMs` anew. */
  roll(tx: Connection, fromMs: number, toMs: number): Promise<void>;
  /** Makes again what came late, up to `doneMs`. @returns whether there is more of it */
  redo(tx: Connection, doneMs: number): Promise<boolean>;
}

interface Progress {
  closedMs: number | null;
  doneMs: number | null;
}

/** Rolls up all that is closed, and again what came late; nothing while another process is at it. */
export async function advance(database: Database, rollup: Rollup, now: Date): Promise<void> {
  const dueMs = Math.floor((now.getTime() - rollup.graceMs) / rollup.unitMs) * rollup.unitMs;
  if (((await readProgress(database, rollup.job)).closedMs ?? 0) >= dueMs) return rollUp(database, rollup);
  await inSpan("rollup", { attributes: { "operate.job": rollup.job } }, async () => {
    await database.transact((tx) => closeUntil(tx, rollup.job, dueMs));
    await rollUp(database, rollup);
  });
}

async function rollUp(database: Database, rollup: Rollup): Promise<void> {
  const partitions = (await listPartitions(database)).filter(({ table }) => table === rollup.raw.table);
  const { doneMs } = await readProgress(database, rollup.job);
  await summarizeRanges(
    database,
    partitions.filter(({ startMs }) => startMs + DAY_MS > (doneMs ?? 0)),
  );
  const first = partitions[0]?.startMs ?? null;
  while (await database.transact((tx) => rollNext(tx, rollup, first)));
  while (await database.transact((tx) => redoNext(tx, rollup)));
}

async function rollNext(tx: Connection, rollup: Rollup, firstMs: number | null): Promise<boolean> {
  if (!(await takeJob(tx, rollup.job))) return false;
  const { closedMs, doneMs } = await readProgress(asReader(tx), rollup.job);
  if (closedMs === null) return false;
  // before the first run there is nothing; after an outage, nothing older than what is kept
  const fromMs = Math.max(doneMs ?? 0, Math.min(firstMs ?? closedMs, closedMs));
  if (doneMs !== null && fromMs >= closedMs) return false;
  const chunkEndMs = Math.min(closedMs, (Math.floor(fromMs / rollup.chunkMs) + 1) * rollup.chunkMs);
  const idleEndMs = chunkEndMs < closedMs ? await endOfIdle(tx, rollup, fromMs, closedMs) : fromMs;
  const toMs = Math.max(chunkEndMs, idleEndMs);
  if (toMs > fromMs && idleEndMs === fromMs) await rollup.roll(tx, fromMs, toMs);
  await tx.query("update rollup_progress set done_until = to_timestamp($2::float8 / 1000) where job = $1", [
    rollup.job,
    toMs,
  ]);
  return toMs < closedMs;
}

/** After an outage: whole days and hours in which nothing arrived are stepped over. @returns `fromMs` if there are none */
async function endOfIdle(tx: Connection, { raw }: Rollup, fromMs: number, closedMs: number): Promise<number> {
  if (fromMs % HOUR_MS !== 0) return fromMs;
  // the records of an hour lie together: what the planner takes for a short scan may go through the whole day
  await tx.query("set local enable_seqscan = off");
  let endMs = fromMs;
  for (const lengthMs of [DAY_MS, HOUR_MS]) {
    const nextMs = Math.min(closedMs, fromMs + lengthMs);
    const { rows } = await tx.query(
      `select exists (select from ${raw.table} where ${raw.at} >= $1 and ${raw.at} < $2) as found`,
      [new Date(fromMs), new Date(nextMs)],
    );
    if (rows[0]?.found === true) continue;
    endMs = nextMs;
    break;
  }
  await tx.query("set local enable_seqscan = on");
  return endMs;
}

async function redoNext(tx: Connection, rollup: Rollup): Promise<boolean> {
  if (!(await takeJob(tx, rollup.job))) return false;
  const { doneMs } = await readProgress(asReader(tx), rollup.job);
  return doneMs === null ? false : await rollup.redo(tx, doneMs);
}

/** Of the buckets noted as late, so many at a time, each made anew. */
export async function redoBuckets(tx: Connection, rollup: Omit<Rollup, "redo">, doneMs: number): Promise<boolean> {
  const { rows } = await tx.query<{ ms: number; ids: string[] }>(
    `select extract(epoch from bucket_at)::float8 * 1000 as ms, array_agg(id::text) as ids from rollup_late
     where job = $1 and bucket_at < to_timestamp($2::float8 / 1000) group by bucket_at order by bucket_at limit 10`,
    [rollup.job, doneMs],
  );
  for (const { ms } of rows) await rollup.roll(tx, ms, ms + rollup.unitMs);
  if (rows.length > 0)
    await tx.query("delete from rollup_late where id = any($1::int8[])", [rows.flatMap(({ ids }) => ids)]);
  return rows.length === 10;
}

const asReader = (tx: Connection): Pick<Database, "read"> => ({
  read: async (sql, values) => (await tx.query(sql, values)).rows,
});

async function readProgress(database: Pick<Database, "read">, job: RollupJob): Promise<Progress> {
  const [row] = await database.read<{ closed: number | null; done: number | null }>(
    `select extract(epoch from closed_until)::float8 * 1000 as closed, extract(epoch from done_until)::float8 * 1000 as done
     from rollup_progress where job = $1`,
    [job],
  );
  return { closedMs: row?.closed ?? null, doneMs: row?.done ?? null };
}

/** Tells BRIN indexes what was appended: a range that they do not know is read as a whole each time. */
async function summarizeRanges(database: Database, partitions: readonly Partition[]): Promise<void> {
  await database.withConnection((connection) =>
    connection.query(
      `select brin_summarize_new_values(i.indexrelid) from pg_index i
         join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
       where a.amname = 'brin' and i.indrelid = any(select to_regclass(name) from unnest($1::text[]) name)`,
      [partitions.map(({ name }) => name)],
    ),
  );
}
