import type { z } from "zod";
import type { RetentionSchema } from "../../agent/kernel/storage/retention.ts";
import type { Connection, Database } from "../database.ts";

export type Retention = z.infer<typeof RetentionSchema>;

export const DAY_MS = 86_400_000;
const LOCK = "select pg_advisory_xact_lock(7310010, 1)";

interface PartitionedTable {
  /** of one partition */
  days: 1 | 7;
  keptDays(retention: Retention): number;
  /** leaves room in its pages for counts that grow in place */
  counted?: true;
}

/** what is counted outlives what it was counted from */
const rollups = (signal: "logsDays" | "samplesDays" | "spansDays") => (retention: Retention) =>
  Math.max(retention.rollupsDays, retention[signal]);

export const PARTITIONED = {
  log_line: { days: 1, keptDays: (retention) => retention.logsDays },
  log_count: { days: 7, keptDays: rollups("logsDays"), counted: true },
  log_count_hour: { days: 7, keptDays: rollups("logsDays") },
  metric_sample: { days: 1, keptDays: (retention) => retention.samplesDays },
  metric_minute: { days: 7, keptDays: rollups("samplesDays") },
  metric_hour: { days: 7, keptDays: rollups("samplesDays") },
  span: { days: 1, keptDays: (retention) => retention.spansDays },
  span_minute: { days: 7, keptDays: rollups("spansDays") },
  call_minute: { days: 7, keptDays: rollups("spansDays") },
  ingest_count: { days: 7, keptDays: (retention) => retention.rollupsDays, counted: true },
} as const satisfies Record<string, PartitionedTable>;
export type PartitionedName = keyof typeof PARTITIONED;
const NAMES = Object.keys(PARTITIONED) as PartitionedName[];

/** Makes partitions when they are first needed and drops them when nothing in them is kept any longer. */
export interface Partitions {
  /** Sees to it that rows of these instants (ms since 1970) have a place in every one of the tables. */
  ensure(tables: readonly PartitionedName[], instantsMs: Iterable<number>): Promise<void>;
  /** Forgets what it believes to be there, after a write found a partition missing. */
  forget(): void;
  /** Those of today and tomorrow, for every table. */
  makeAhead(now: Date): Promise<void>;
  /** Drops what is out of retention. @returns the names dropped */
  dropOld(now: Date): Promise<string[]>;
  /** Drops these. */
  drop(partitions: readonly Partition[]): Promise<void>;
}

const startOf = (table: PartitionedName, atMs: number): number => {
  const lengthMs = PARTITIONED[table].days * DAY_MS;
  return Math.floor(atMs / lengthMs) * lengthMs;
};
/** The instant at which a partition ends, ms since 1970. */
export const endOf = (table: PartitionedName, startMs: number): number => startMs + PARTITIONED[table].days * DAY_MS;
const nameOf = (table: string, startMs: number): string =>
  `${table}_${new Date(startMs).toISOString().slice(0, 10).replaceAll("-", "")}`;

export function createPartitions(database: Database, retention: Retention): Partitions {
  const known = new Set<string>();

  const ensure: Partitions["ensure"] = async (tables, instantsMs) => {
    const missing = new Map<string, () => Promise<void>>();
    for (const atMs of instantsMs)
      for (const table of tables) {
        const startMs = startOf(table, atMs);
        const name = nameOf(table, startMs);
        if (!known.has(name)) missing.set(name, () => database.transact((tx) => make(tx, table, startMs)));
      }
    for (const [name, create] of missing) {
      await create();
      known.add(name);
    }
  };
  const dropAll: Partitions["drop"] = async (doomed) => {
    for (const partition of doomed) {
      await database.withConnection((connection) => drop(connection, partition));
      known.delete(partition.name);
    }
  };
  return {
    ensure,
    drop: dropAll,
    forget: () => known.clear(),
    makeAhead: (now) => ensure(NAMES, [now.getTime(), now.getTime() + DAY_MS]),
    dropOld: async (now) => {
      const old = (await listPartitions(database)).filter(
        ({ table, startMs }) =>
          endOf(table, startMs) <= now.getTime() - PARTITIONED[table].keptDays(retention) * DAY_MS,
      );
      await dropAll(old);
      for (const name of await listDetached(database))
        await database.withConnection((connection) => connection.query(`drop table if exists ${name}`));
      return old.map(({ name }) => name);
    },
  };
}

/** Attaching an empty table, other than `create table … partition of`, waits neither for readers nor for writers. */
async function make(tx: Connection, table: PartitionedName, startMs: number): Promise<void> {
  const name = nameOf(table, startMs);
  await tx.query(LOCK);
  const { rows } = await tx.query("select 1 from pg_inherits where inhrelid = to_regclass($1)", [name]);
  if (rows.length > 0) return;
  const { days } = PARTITIONED[table];
  const [from, to] = [startMs, startMs + days * DAY_MS].map((ms) => `'${new Date(ms).toISOString()}'`);
  const options = "counted" in PARTITIONED[table] ? "with (fillfactor = 80)" : "";
  await tx.query(`drop table if exists ${name}`); // detached, and not dropped because the process ended in between
  await tx.query(`create table ${name} (like ${table} including defaults) ${options}`);
  await tx.query(`alter table ${table} attach partition ${name} for values from (${from}) to (${to})`);
}

export interface Partition {
  table: PartitionedName;
  name: string;
  startMs: number;
  /** true, too, for one whose detaching was broken off */
  detaching: boolean;
  /** on disk, with indexes */
  bytes: number;
}

/** Every partition there is, oldest first. */
export async function listPartitions(database: Pick<Database, "read">): Promise<Partition[]> {
  const rows = await database.read<{ parent: PartitionedName; name: string; detaching: boolean; bytes: string }>(
    `select p.relname as parent, c.relname as name, i.inhdetachpending as detaching,
       coalesce(pg_total_relation_size(c.oid), 0)::text as bytes
     from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_class c on c.oid = i.inhrelid
     where p.relname = any($1) and p.relkind = 'p' and p.relnamespace = current_schema()::regnamespace order by c.relname`,
    [NAMES],
  );
  return rows.map((row) => ({
    table: row.parent,
    name: row.name,
    startMs: Date.parse(row.name.slice(-8).replace(/(....)(..)(..)/, "$1-$2-$3")),
    detaching: row.detaching,
    bytes: Number(row.bytes),
  }));
}

/** Tables whose dropping was broken off after they were detached. */
async function listDetached(database: Pick<Database, "read">): Promise<string[]> {
  const rows = await database.read<{ name: string }>(
    `select relname as name from pg_class
     where relkind = 'r' and not relispartition and relnamespace = current_schema()::regnamespace and relname ~ $1`,
    [`^(${NAMES.join("|")})_[0-9]{8}$`],
  );
  return rows.map((row) => row.name);
}

/** Detached first, which waits for transactions and blocks none; the table that is left is nobody's any more. */
async function drop(connection: Connection, { table, name, detaching }: Partition): Promise<void> {
  await connection.query(`alter table ${table} detach partition ${name} ${detaching ? "finalize" : "concurrently"}`);
  await connection.query(`drop table if exists ${name}`);
}
