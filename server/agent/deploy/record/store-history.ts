import type { Db, Tx } from "../../kernel/context.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import { type DeploymentRow, getDeploymentRow } from "./store.ts";

/** What came before: questions about deployments that have ended. */

/** The newest successful deployment of a version there; null when there is none. */
export async function findPassed(
  db: Db | Tx,
  { service, environment }: ServiceRef,
  version: string,
): Promise<DeploymentRow | null> {
  const found = await db.deployment.findFirst({
    where: { service, environment, version, status: "succeeded" },
    orderBy: { id: "desc" },
    select: { id: true },
  });
  return found ? getDeploymentRow(db, found.id) : null;
}

/** The newest rollback of a deployment; null when there is none. */
export async function findRollbackOf(db: Db | Tx, deploymentId: string): Promise<DeploymentRow | null> {
  const found = await db.deployment.findFirst({
    where: { rollbackOf: deploymentId },
    orderBy: { id: "desc" },
    select: { id: true },
  });
  return found ? getDeploymentRow(db, found.id) : null;
}

/**
 * The newest deployment that changed what runs: it succeeded, or failed half-way and its version is among `running`. One
 * that went back, and a rollback that failed, brought nothing. Null when nobody deployed what runs.
 */
export async function findBringer(
  db: Db | Tx,
  { service, environment }: ServiceRef,
  running: readonly string[],
): Promise<DeploymentRow | null> {
  const halfWay = { status: "failed", kind: "deploy", version: { in: [...running] } };
  const found = await db.deployment.findFirst({
    where: { service, environment, OR: [{ status: "succeeded" }, halfWay] },
    orderBy: { id: "desc" },
    select: { id: true },
  });
  return found ? getDeploymentRow(db, found.id) : null;
}

/** Deletes at most `limit` deployments that ended before `before` and are not among the newest `keep` of their place. */
export async function deleteEndedDeployments(
  db: Db,
  { before, keep, limit }: { before: Date; keep: number; limit: number },
): Promise<number> {
  return await db.$executeRaw`
    delete from deployment where id in (
      select id from (
        select id, "finishedAt", "watchState",
          row_number() over (partition by service, environment order by "createdAt" desc) as age
        from deployment
      ) d where age > ${keep} and "finishedAt" < ${before} and "watchState" is distinct from 'watching' limit ${limit}
    )`;
}
