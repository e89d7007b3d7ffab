import { unknownName } from "../../kernel/allowed-names.ts";
import type { Db, Tx } from "../../kernel/context.ts";
import type { PlannedTarget } from "../check/targets.ts";

/** Targets and what is known of them. Rows travel as one JSON parameter: one statement for any number of them. */

export type TargetRow = NonNullable<Awaited<ReturnType<Db["healthTarget"]["findUnique"]>>>;

/** @throws NOT_FOUND for an unknown id or one that left the configuration */
export async function getTarget(db: Db | Tx, id: string): Promise<TargetRow> {
  const found = await db.healthTarget.findUnique({ where: { id } });
  if (!found?.active)
    throw unknownName({
      ...{ what: "health check", given: id, key: "targetId" },
      way: "The list of health checks shows those there are, with their ids.",
    });
  return found;
}

export const listTargets = (
  db: Db | Tx,
  where: { service?: string | undefined; environment?: string | undefined } = {},
  which: "active" | "all" = "active",
): Promise<Omit<TargetRow, "spec" | "recent">[]> =>
  db.healthTarget.findMany({
    where: {
      ...(which === "active" ? { active: true } : {}),
      ...(where.service === undefined ? {} : { service: where.service }),
      ...(where.environment === undefined ? {} : { environment: where.environment }),
    },
    omit: { spec: true, recent: true },
    orderBy: [{ name: "asc" }, { environment: "asc" }],
  });

/** The names that targets have now, by id; one that is gone is left out. */
export async function namesOf(db: Db, ids: readonly string[]): Promise<Map<string, string>> {
  const found = await db.healthTarget.findMany({ where: { id: { in: [...ids] } }, select: { id: true, name: true } });
  return new Map(found.map(({ id, name }) => [id, name]));
}

/** Locks one target for a change by a person. @throws NOT_FOUND */
export async function lockTarget(tx: Tx, id: string): Promise<TargetRow> {
  await tx.$queryRaw`select 1 from health_target where id = ${id} for update`;
  return await getTarget(tx, id);
}

type TargetChange = Partial<
  Pick<
    TargetRow,
    "muted" | "maintenanceUntil" | "state" | "stateSince" | "consecutiveFailures" | "consecutiveSuccesses" | "causedBy"
  >
>;

export const saveTarget = (tx: Tx, id: string, change: TargetChange) =>
  tx.healthTarget.update({ where: { id }, data: change });

/** What is stored of a plan: the check without its secrets. */
interface SyncRow extends Omit<PlannedTarget, "probe"> {
  spec: { muted: boolean };
}

export interface SyncOutcome {
  added: string[];
  changed: string[];
  removed: string[];
}

/**
 * Makes the rows equal to the plan. State, history and what people set survive; a mute changes with the configuration
 * only when the configuration itself changed it. Returns names.
 */
export async function syncRows(tx: Tx, plan: readonly PlannedTarget[]): Promise<SyncOutcome> {
  const rows: SyncRow[] = plan.map(({ probe: _probe, ...row }) => ({ ...row, spec: { muted: row.muted } }));
  const json = JSON.stringify(rows);
  await tx.$executeRaw`select pg_advisory_xact_lock(7310021)`; // two workers starting at once sync one after the other
  const saved = await tx.$queryRaw<{ name: string; added: boolean }[]>`
    insert into health_target as t (id, name, kind, origin, service, environment, address, spec, "dependsOn",
      "intervalMs", "timeoutMs", "failureThreshold", "successThreshold", shard, muted, active)
    select id, name, kind, origin, service, environment, address, spec, "dependsOn",
      "intervalMs", "timeoutMs", "failureThreshold", "successThreshold", shard, muted, true
    from jsonb_to_recordset(${json}::jsonb) as r(id text, name text, kind text, origin text, service text,
      environment text, address text, spec jsonb, "dependsOn" text[], "intervalMs" int, "timeoutMs" int,
      "failureThreshold" int, "successThreshold" int, shard int, muted boolean)
    on conflict (id) do update set
      name = excluded.name, kind = excluded.kind, environment = excluded.environment, address = excluded.address,
      "dependsOn" = excluded."dependsOn", "intervalMs" = excluded."intervalMs", "timeoutMs" = excluded."timeoutMs",
      "failureThreshold" = excluded."failureThreshold", "successThreshold" = excluded."successThreshold",
      shard = excluded.shard, active = true, spec = excluded.spec,
      muted = case when t.spec is distinct from excluded.spec then excluded.muted else t.muted end,
      state = case when t.active then t.state else 'unknown' end
    where (t.name, t.kind, t.environment, t.address, t."dependsOn", t."intervalMs", t."timeoutMs",
      t."failureThreshold", t."successThreshold", t.shard, t.active, t.spec)
      is distinct from (excluded.name, excluded.kind, excluded.environment, excluded.address, excluded."dependsOn",
      excluded."intervalMs", excluded."timeoutMs", excluded."failureThreshold", excluded."successThreshold",
      excluded.shard, true, excluded.spec)
    returning name, (xmax = 0) as added`;
  const removed = await tx.$queryRaw<{ name: string }[]>`
    update health_target set active = false
    where active and id not in (select r.id from jsonb_to_recordset(${json}::jsonb) as r(id text))
    returning name`;
  return {
    added: saved.filter((row) => row.added).map((row) => row.name),
    changed: saved.filter((row) => !row.added).map((row) => row.name),
    removed: removed.map((row) => row.name),
  };
}

/** Targets of the shards without a result after `since`. */
export async function listUnseen(db: Db, shards: readonly number[], since: Date): Promise<string[]> {
  const rows = await db.healthTarget.findMany({
    where: {
      active: true,
      shard: { in: [...shards] },
      OR: [{ lastCheckedAt: null }, { lastCheckedAt: { lt: since } }],
    },
    select: { id: true },
  });
  return rows.map((row) => row.id);
}
