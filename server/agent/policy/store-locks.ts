import type { DeploymentLock } from "#server/db/generated/client.ts";
import type { Actor } from "../kernel/actor.ts";
import type { Db, Tx } from "../kernel/context.ts";
import type { ServiceRef } from "../ports/workloads.ts";
import type { LockView } from "./schema.ts";

/** Locks that people put on a service in an environment, in the database. */

const view = (row: DeploymentLock): LockView => ({
  service: row.service,
  environment: row.environment,
  reason: row.reason,
  by: { kind: row.actorKind as Actor["kind"], id: row.actorId, name: row.actorName },
  at: row.at.toISOString(),
});
const keyOf = ({ service, environment }: ServiceRef) => ({ service_environment: { service, environment } });

export async function findLock(db: Db | Tx, ref: ServiceRef): Promise<LockView | null> {
  const found = await db.deploymentLock.findUnique({ where: keyOf(ref) });
  return found ? view(found) : null;
}

/** Oldest first, at most 500. */
export async function listLocks(db: Db, filter: { service?: string; environment?: string }): Promise<LockView[]> {
  const found = await db.deploymentLock.findMany({ where: filter, orderBy: { at: "asc" }, take: 500 });
  return found.map(view);
}

/** Null when it is locked already. */
export async function insertLock(
  tx: Tx,
  { service, environment }: ServiceRef,
  reason: string,
  actor: Actor,
  at: Date,
): Promise<LockView | null> {
  const [made] = await tx.deploymentLock.createManyAndReturn({
    data: [{ service, environment, reason, at, actorKind: actor.kind, actorId: actor.id, actorName: actor.name }],
    skipDuplicates: true,
  });
  return made ? view(made) : null;
}

/** What was removed; null when nothing was locked. */
export async function deleteLock(tx: Tx, { service, environment }: ServiceRef): Promise<LockView | null> {
  const [row] = await tx.$queryRaw<DeploymentLock[]>`
    delete from deployment_lock where "service" = ${service} and "environment" = ${environment} returning *`;
  return row ? view(row) : null;
}
