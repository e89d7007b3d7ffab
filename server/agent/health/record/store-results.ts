import type { Db, Tx } from "../../kernel/context.ts";
import type { HealthState } from "../schema.ts";

/** Results and what follows from them, written in batches: one statement each, rows as one JSON parameter. */

export interface ResultRow {
  targetId: string;
  /** ISO 8601, as all times here */
  slotAt: string;
  outcome: "up" | "degraded" | "down";
  latencyMs: number;
  statusCode: number | null;
  message: string | null;
  maintenance: boolean;
}

export interface LockedTarget {
  id: string;
  name: string;
  origin: "endpoint" | "service";
  service: string | null;
  environment: string | null;
  state: HealthState;
  stateSince: Date;
  flapping: boolean;
  flappingReason: string | null;
  consecutiveFailures: number;
  consecutiveSuccesses: number;
  recent: string;
  causedBy: string | null;
  muted: boolean;
  maintenanceUntil: Date | null;
  lastCheckedAt: Date | null;
  lastLatencyMs: number | null;
  lastMessage: string | null;
  dependsOn: string[];
  intervalMs: number;
  failureThreshold: number;
  successThreshold: number;
}

/**
 * Locks the rows in the order of their ids, so that two batches never wait for each other in a circle. They come back
 * as one JSON text: the ORM's work on each column of each row was a tenth of what a check costs.
 */
export async function lockTargets(tx: Tx, ids: readonly string[]): Promise<LockedTarget[]> {
  const [found] = await tx.$queryRaw<{ rows: string }[]>`
    select coalesce(json_agg(locked order by locked.id), '[]')::text as rows from (
      select id, name, origin, service, environment, state, "stateSince", flapping, "flappingReason",
        "consecutiveFailures", "consecutiveSuccesses", recent, "causedBy", muted, "maintenanceUntil", "lastCheckedAt",
        "lastLatencyMs", "lastMessage", "dependsOn", "intervalMs", "failureThreshold", "successThreshold"
      from health_target where id = any(${ids}::text[]) order by id for no key update
    ) as locked`;
  const rows = JSON.parse(found?.rows ?? "[]") as LockedTargetJson[];
  return rows.map((row) => ({
    ...row,
    stateSince: new Date(row.stateSince),
    maintenanceUntil: row.maintenanceUntil === null ? null : new Date(row.maintenanceUntil),
    lastCheckedAt: row.lastCheckedAt === null ? null : new Date(row.lastCheckedAt),
  }));
}

type LockedTargetJson = Omit<LockedTarget, "stateSince" | "maintenanceUntil" | "lastCheckedAt"> & {
  stateSince: string;
  maintenanceUntil: string | null;
  lastCheckedAt: string | null;
};

/** Stores results that are not stored yet; returns the keys `targetId@slotAt` of those that are new. */
export async function insertResults(tx: Tx, rows: readonly ResultRow[]): Promise<Set<string>> {
  const [inserted] = await tx.$queryRaw<{ keys: string }[]>`
    with fresh as (
      insert into health_result ("targetId", "slotAt", outcome, "latencyMs", "statusCode", message, maintenance)
      select * from json_to_recordset(${JSON.stringify(rows)}::json) as r("targetId" text, "slotAt" timestamptz,
        outcome text, "latencyMs" float8, "statusCode" int, message text, maintenance boolean)
      on conflict do nothing returning "targetId", "slotAt"
    )
    select coalesce(json_agg(json_build_array("targetId", "slotAt")), '[]')::text as keys from fresh`;
  const keys = JSON.parse(inserted?.keys ?? "[]") as [string, string][];
  return new Set(keys.map(([targetId, slotAt]) => resultKey(targetId, new Date(slotAt).toISOString())));
}

/**
 * Deletes what was recorded of targets within a day ahead of `now`: the clock was set back, that time is lived again, and
 * its slots must be free for the checks in it.
 */
export async function forgetAhead(tx: Tx, targets: readonly Pick<LockedTarget, "id">[], now: Date): Promise<void> {
  await tx.$executeRaw`
    delete from health_result where "targetId" = any(${targets.map(({ id }) => id)}::text[])
      and "slotAt" > ${now} and "slotAt" <= ${new Date(now.getTime() + 86_400_000)}`;
}

export const resultKey = (targetId: string, slotAt: string): string => `${targetId}@${slotAt}`;

export interface RollupRow {
  targetId: string;
  /** seconds */
  resolution: number;
  bucketAt: string;
  up: number;
  degraded: number;
  down: number;
  /** latency codes */
  latency: number[];
}

/** Adds counts to rollups. The codes of one bucket add up: bucket × 2^20 stays, the counts below it are summed. */
export async function addRollups(tx: Tx, rows: readonly RollupRow[]): Promise<void> {
  await tx.$executeRaw`
    insert into health_rollup as t ("targetId", resolution, "bucketAt", up, degraded, down, latency)
    select * from json_to_recordset(${JSON.stringify(rows)}::json) as r("targetId" text, resolution int,
      "bucketAt" timestamptz, up int, degraded int, down int, latency int[])
    on conflict ("targetId", resolution, "bucketAt") do update set
      up = t.up + excluded.up, degraded = t.degraded + excluded.degraded, down = t.down + excluded.down,
      latency = (
        select coalesce(array_agg(code order by code), '{}') from (
          select ((each >> 20) << 20) + sum(each & 1048575)::int as code
          from unnest(t.latency || excluded.latency) as each group by each >> 20
        ) as added
      )`;
}

interface StateRow {
  id: string;
  state: string;
  stateSince: string;
  flapping: boolean;
  flappingReason: string | null;
  consecutiveFailures: number;
  consecutiveSuccesses: number;
  recent: string;
  causedBy: string | null;
  lastCheckedAt: string;
  lastLatencyMs: number;
  lastMessage: string | null;
}

export async function saveStates(tx: Tx, rows: readonly StateRow[]): Promise<void> {
  await tx.$executeRaw`
    update health_target as t set
      state = r.state, "stateSince" = r."stateSince", flapping = r.flapping, "flappingReason" = r."flappingReason",
      "consecutiveFailures" = r."consecutiveFailures", "consecutiveSuccesses" = r."consecutiveSuccesses",
      recent = r.recent, "causedBy" = r."causedBy", "lastCheckedAt" = r."lastCheckedAt",
      "lastLatencyMs" = r."lastLatencyMs", "lastMessage" = r."lastMessage"
    from json_to_recordset(${JSON.stringify(rows)}::json) as r(id text, state text, "stateSince" timestamptz,
      flapping boolean, "flappingReason" text, "consecutiveFailures" int, "consecutiveSuccesses" int, recent text,
      "causedBy" text, "lastCheckedAt" timestamptz, "lastLatencyMs" float8, "lastMessage" text)
    where t.id = r.id`;
}

export interface CauseRow {
  id: string;
  state: string;
  stateSince: Date;
  dependsOn: string[];
  intervalMs: number;
  failureThreshold: number;
  consecutiveFailures: number;
  causedBy: string | null;
  name: string;
}

/** Everything that fails now, and the targets named in `alsoIds`. */
export const listFailing = (tx: Tx, alsoIds: readonly string[]): Promise<CauseRow[]> =>
  tx.$queryRaw<CauseRow[]>`
    select id, name, state, "stateSince", "dependsOn", "intervalMs", "failureThreshold", "consecutiveFailures", "causedBy"
    from health_target
    where active and (state in ('down', 'pending') or (state = 'maintenance' and "consecutiveFailures" > 0)
      or id = any(${alsoIds}::text[]))`;

export interface ChangeRow {
  key: string;
  targetId: string;
  from: HealthState;
  to: HealthState;
  causedBy: string | null;
  message: string | null;
  flapping: boolean;
  at: Date;
}

export const listRollups = (db: Db, ids: readonly string[], resolution: number, from: Date) =>
  db.healthRollup.findMany({
    where: { targetId: { in: [...ids] }, resolution, bucketAt: { gte: from } },
    orderBy: { bucketAt: "asc" },
  });

/** Deletes at most `limit` rows that are too old of each kind; returns how many there were. */
export async function deleteExpired(db: Db, before: { results: Date; rollups: Date }, limit: number): Promise<number> {
  const results = await db.$executeRaw`delete from health_result where ctid in
    (select ctid from health_result where "slotAt" < ${before.results} limit ${limit})`;
  const rollups = await db.$executeRaw`delete from health_rollup where ctid in
    (select ctid from health_rollup where "bucketAt" < ${before.rollups} limit ${limit})`;
  return results + rollups;
}
