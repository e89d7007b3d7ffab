import { Prisma } from "#server/db/generated/client.ts";
import { dataWithoutConfidential } from "../kernel/confidential/confidential.ts";
import type { Db, Tx } from "../kernel/context.ts";
import { TimelineEvent } from "./schema.ts";

/** The only file of the time line that touches the database. */

/** Where an event stands: (xid, id) is the order in which consumers read. Both are decimal numbers. */
export interface Position {
  xid: string;
  id: string;
}

export interface StoredEvent extends Position {
  key: string;
  subject: string;
  /** null: of a kind that this version of Operate does not know */
  event: TimelineEvent | null;
}

/** PostgreSQL cannot hold the character NUL, nor half a character. */
const storable = (_name: string, value: unknown): unknown =>
  typeof value === "string" ? value.replaceAll("\u0000", "\ufffd").toWellFormed() : value;

const withoutSecrets = ({ title, detail, ...event }: TimelineEvent) => ({
  ...event,
  ...dataWithoutConfidential({ title, detail }, "message"),
});

export const insertEvents = (tx: Tx, events: readonly TimelineEvent[]): Promise<number> =>
  tx.$executeRaw`
    insert into timeline_event (key, at, kind, service, environment, subject, level, title, detail)
    select * from jsonb_to_recordset(${JSON.stringify(events.map(withoutSecrets), storable)}::jsonb) as r(key text, at timestamptz, kind text,
      service text, environment text, subject text, level text, title text, detail jsonb)
    on conflict (key) do nothing`;

interface Row extends Position, Record<string, unknown> {
  key: string;
  subject: string;
}

const COLUMNS = Prisma.sql`e.id::text, e.xid::text, e.key, e.at, e.kind, e.service, e.environment, e.subject, e.level,
  e.title, e.detail`;

const stored = ({ id, xid, ...row }: Row): StoredEvent => {
  const { key, subject } = row;
  return { id, xid, key, subject, event: TimelineEvent.safeParse(row).data ?? null };
};

/**
 * The oldest transaction that may still write events. Those that run in other databases of the server cannot, and one of
 * them that takes hours must not hold anything back; which they are, the server tells, else they count.
 */
const OLDEST_RUNNING = Prisma.sql`
  select coalesce(min(running.xid::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)::text::xid8
  from pg_snapshot_xip(pg_current_snapshot()) as running(xid)
  where not exists (select 1 from pg_stat_activity where datname <> current_database()
    and backend_xid::text = (running.xid::text::bigint % 4294967296)::text)`;

/**
 * Behind a cursor `c`, and written by a transaction older than all that still run. Ids are given before commit: an event
 * that is committed late would stand in front of a cursor that went by ids alone, and be lost.
 */
const UNREAD = Prisma.sql`(e.xid, e.id) > (c.xid, c."eventId") and e.xid < (${OLDEST_RUNNING})`;

/** The oldest postponed event of each subject, when it is time to offer it again. */
const due = (consumer: string) => Prisma.sql`
  select * from (
    select distinct on (e.subject) ${COLUMNS}, p.tries, p."retryAt"
    from timeline_postponed p join timeline_event e on e.id = p."eventId"
    where p.consumer = ${consumer} order by e.subject, e.xid, e.id
  ) as e where "retryAt" <= now()`;

export interface EventFilter {
  /** both ends are included; left out: no end */
  from: Date;
  to?: Date | undefined;
  service?: string | undefined;
  environment?: string | undefined;
  kinds?: readonly string[] | undefined;
}

/** What happened, newest first, whoever has taken it. */
export async function listNewest(db: Db, filter: EventFilter, limit: number): Promise<StoredEvent[]> {
  const { from, to, service, environment, kinds } = filter;
  const conditions = [
    Prisma.sql`e.at >= ${from}`,
    ...(to === undefined ? [] : [Prisma.sql`e.at <= ${to}`]),
    ...(service === undefined ? [] : [Prisma.sql`e.service = ${service}`]),
    ...(environment === undefined ? [] : [Prisma.sql`e.environment = ${environment}`]),
    ...(kinds === undefined ? [] : [Prisma.sql`e.kind = any(${[...kinds]}::text[])`]),
  ];
  const rows = await db.$queryRaw<Row[]>`
    select ${COLUMNS} from timeline_event e where ${Prisma.join(conditions, " and ")}
    order by e.at desc, e.id desc limit ${limit}`;
  return rows.map(stored);
}

export async function hasWork(db: Db, consumer: string): Promise<boolean> {
  const [found] = await db.$queryRaw<{ found: boolean }[]>`
    select exists (select 1 from timeline_event e where ${UNREAD}) or exists (${due(consumer)}) as found
    from timeline_cursor c where c.consumer = ${consumer}`;
  return found?.found ?? true; // without a cursor it has read nothing
}

/** Whether there is an event of a subject that a consumer has not taken yet. */
export async function hasUntaken(db: Db, consumer: string, subject: string): Promise<boolean> {
  const [found] = await db.$queryRaw<{ found: boolean }[]>`
    select exists (select 1 from timeline_cursor c, timeline_event e
        where c.consumer = ${consumer} and (e.xid, e.id) > (c.xid, c."eventId") and e.subject = ${subject})
      or exists (select 1 from timeline_postponed p join timeline_event e on e.id = p."eventId"
        where p.consumer = ${consumer} and e.subject = ${subject}) as found`;
  return found?.found ?? false;
}

/**
 * Takes the consumer for one worker, until `leaseMs` from now. A lease that ends later than that was given before the
 * database's clock was set back, and counts as expired. False while another worker has it.
 */
export async function takeLease(db: Db, consumer: string, owner: string, leaseMs: number): Promise<boolean> {
  const taken = await db.$executeRaw`
    insert into timeline_cursor as c (consumer, xid, "eventId", owner, "leaseUntil")
    values (${consumer}, '0', 0, ${owner}, now() + ${leaseMs} * interval '1 ms')
    on conflict (consumer) do update set owner = excluded.owner, "leaseUntil" = excluded."leaseUntil"
    where c.owner is null or c.owner = excluded.owner or c."leaseUntil" < now()
      or c."leaseUntil" > now() + ${2 * leaseMs} * interval '1 ms'`;
  return taken > 0;
}

/** False when the lease was lost. */
export const renewLease = async (db: Db, consumer: string, owner: string, leaseMs: number): Promise<boolean> =>
  (await db.$executeRaw`
    update timeline_cursor set "leaseUntil" = now() + ${leaseMs} * interval '1 ms'
    where consumer = ${consumer} and owner = ${owner}`) > 0;

export const releaseLease = (db: Db, consumer: string, owner: string): Promise<number> =>
  db.$executeRaw`update timeline_cursor set owner = null where consumer = ${consumer} and owner = ${owner}`;

export const listUnread = async (db: Db, consumer: string, limit: number): Promise<StoredEvent[]> =>
  (
    await db.$queryRaw<Row[]>`
      select ${COLUMNS} from timeline_cursor c, timeline_event e where c.consumer = ${consumer} and ${UNREAD}
      order by e.xid, e.id limit ${limit}`
  ).map(stored);

const move = (consumer: string, owner: string, { xid, id }: Position, leaseMs: number) => Prisma.sql`
  update timeline_cursor set xid = ${xid}::text::xid8, "eventId" = ${id}::text::bigint,
    "leaseUntil" = now() + ${leaseMs} * interval '1 ms'
  where consumer = ${consumer} and owner = ${owner}`;

/** Goes past an event and renews the lease. False when the lease was lost. */
export const moveCursor = async (db: Db, consumer: string, owner: string, to: Position, leaseMs: number) =>
  (await db.$executeRaw`${move(consumer, owner, to, leaseMs)}`) > 0;

/** Goes past an event that is offered later. False when the lease was lost. */
export const postpone = async (
  db: Db,
  consumer: string,
  owner: string,
  to: Position,
  leaseMs: number,
  afterMs: number,
): Promise<boolean> =>
  (await db.$executeRaw`
    with moved as (${move(consumer, owner, to, leaseMs)} returning consumer)
    insert into timeline_postponed (consumer, "eventId", "retryAt")
    select consumer, ${to.id}::text::bigint, now() + ${afterMs} * interval '1 ms' from moved`) > 0;

export const listPostponedSubjects = async (db: Db, consumer: string): Promise<Set<string>> => {
  const rows = await db.$queryRaw<{ subject: string }[]>`
    select distinct e.subject from timeline_postponed p join timeline_event e on e.id = p."eventId"
    where p.consumer = ${consumer}`;
  return new Set(rows.map(({ subject }) => subject));
};

export const listDue = async (db: Db, consumer: string): Promise<(StoredEvent & { tries: number })[]> =>
  (await db.$queryRaw<(Row & { tries: number })[]>`${due(consumer)} order by xid::xid8, id::bigint`).map((row) => ({
    ...stored(row),
    tries: row.tries,
  }));

export const takePostponed = (db: Db, consumer: string, id: string): Promise<number> =>
  db.$executeRaw`delete from timeline_postponed where consumer = ${consumer} and "eventId" = ${id}::text::bigint`;

export const postponeAgain = (db: Db, consumer: string, id: string, afterMs: number): Promise<number> =>
  db.$executeRaw`
    update timeline_postponed set tries = tries + 1, "retryAt" = now() + ${afterMs} * interval '1 ms'
    where consumer = ${consumer} and "eventId" = ${id}::text::bigint`;

/**
 * Gives all events the lowest number of a transaction when some are ahead of this PostgreSQL: the database was restored
 * into another one, whose transactions count from the beginning. What a cursor has not read stays unread.
 */
export const renumberRestored = (db: Db): Promise<number> =>
  db.$executeRaw`
    with restored as (
      select exists (select 1 from timeline_event where xid >= pg_snapshot_xmax(pg_current_snapshot()))
        or exists (select 1 from timeline_cursor where xid >= pg_snapshot_xmax(pg_current_snapshot())) as found
    ), numbered as (
      update timeline_event set xid = '3' where (select found from restored)
    )
    update timeline_cursor c set xid = '3', "eventId" = coalesce(
      (select min(e.id) - 1 from timeline_event e where (e.xid, e.id) > (c.xid, c."eventId")),
      (select max(id) from timeline_event), 0)
    where (select found from restored)`;

/** Deletes at most `limit` events that happened before a time; returns how many there were. */
export const deleteEvents = (db: Db, before: Date, limit: number): Promise<number> =>
  db.$executeRaw`delete from timeline_event where id in
    (select id from timeline_event where at < ${before} order by at limit ${limit})`;
