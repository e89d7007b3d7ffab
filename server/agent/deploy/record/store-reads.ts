import type { Prisma } from "#server/db/generated/client.ts";
import type { Db } from "../../kernel/context.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import { NO_VERSION } from "../../telemetry/outcomes.ts";
import { DeploymentStatus } from "../schema.ts";
import { type DeploymentFilter, whereOf } from "./store.ts";

/** Questions over many deployments. */

export interface Proven {
  id: string;
  version: string;
  finishedAt: Date | null;
  /** it succeeded, did not regress under the watch, and was not rolled back */
  good: boolean;
}

/** How the newest 200 deployments that promoted their version turned out, newest first. */
export async function listProven(db: Db, { service, environment }: ServiceRef): Promise<Proven[]> {
  const found = await db.deployment.findMany({
    where: { service, environment, status: "succeeded" },
    select: { id: true, version: true, finishedAt: true, watchState: true },
    orderBy: { id: "desc" },
    take: 200,
  });
  const undone = await rolledBack(
    db,
    found.map((one) => one.id),
  );
  return found.map(({ id, version, finishedAt, watchState }) => ({
    ...{ id, version, finishedAt },
    good: watchState !== "regressed" && !undone.has(id),
  }));
}

/** Services but one of which a deployment or rollback ran in an environment at some time since, by name. */
export async function listDeployedSince(
  db: Db,
  { environment, besides, since }: { environment: string; besides: string; since: Date },
): Promise<string[]> {
  const found = await db.deployment.findMany({
    where: {
      ...{ environment, service: { not: besides }, startedAt: { not: null } },
      OR: [{ finishedAt: null }, { finishedAt: { gte: since } }],
    },
    select: { service: true },
    distinct: ["service"],
    orderBy: { service: "asc" },
  });
  return found.map(({ service }) => service);
}

/** Which of these a later rollback undid. */
async function rolledBack(db: Db, ids: string[]): Promise<Set<string>> {
  const found = await db.deployment.findMany({
    where: { rollbackOf: { in: ids }, status: "succeeded" },
    select: { rollbackOf: true },
  });
  return new Set(found.flatMap((one) => one.rollbackOf ?? []));
}

type Facet = "service" | "environment" | "status" | "strategy" | "kind";

/** How many deployments there are per value of a column, most first. */
export async function countBy(
  db: Db,
  facet: Facet,
  filter: DeploymentFilter,
): Promise<{ value: string; count: number }[]> {
  const rows = await db.deployment.groupBy({
    by: [facet],
    where: whereOf({ ...filter, [facet]: undefined }),
    _count: { _all: true },
  });
  return rows
    .map((row) => ({ value: String(row[facet]), count: row._count._all }))
    .sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
}

/** A deployment as the key measures see it. */
export interface Measured {
  id: string;
  service: string;
  environment: string;
  kind: "deploy" | "rollback";
  rollbackOf: string | null;
  status: string;
  watchState: string | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  committedAt: Date | null;
}

/** What ended since `since`, oldest first. */
export async function listMeasured(
  db: Db,
  since: Date,
  ref: { service?: string | undefined; environment?: string | undefined },
): Promise<Measured[]> {
  const where: Prisma.DeploymentWhereInput = { ...whereOf(ref), finishedAt: { gte: since } };
  const select = {
    ...{ id: true, service: true, environment: true, kind: true, rollbackOf: true, status: true, watchState: true },
    ...{ startedAt: true, finishedAt: true, committedAt: true },
  } as const;
  const found = await db.deployment.findMany({ where, select, orderBy: { finishedAt: "asc" }, take: 10_000 });
  return found as Measured[];
}

/** Versions that were counted or deployed there, newest first. */
export async function listKnownVersions(db: Db, { service, environment }: ServiceRef): Promise<string[]> {
  const rows = await db.trafficBucket.groupBy({
    by: ["version"],
    where: { service, environment, resolution: 60, version: { not: NO_VERSION } },
    _max: { bucketAt: true },
  });
  return rows
    .sort((a, b) => (b._max.bucketAt?.getTime() ?? 0) - (a._max.bucketAt?.getTime() ?? 0))
    .map((row) => row.version);
}

interface CountsQuery {
  from: Date;
  /** left out: buckets that start then or later */
  to: Date;
  stepSeconds: 10 | 60;
  versions: readonly string[];
}

/** Stored buckets of these versions, oldest first. Both ends are bounded: a day of them is a second to read. */
export async function listCounts(
  db: Db,
  { service, environment }: ServiceRef,
  { from, to, stepSeconds, versions }: CountsQuery,
): Promise<TrafficCounts[]> {
  const rows = await db.trafficBucket.findMany({
    where: {
      ...{ service, environment, resolution: stepSeconds },
      bucketAt: { gte: from, lt: to },
      version: { in: [...versions] },
    },
    omit: { resolution: true, denied: true },
    orderBy: { bucketAt: "asc" },
  });
  return rows.map(({ cpuMs, memoryBytes, instances, inFlight, errorLines, stalled, ...counts }) => ({
    ...{ ...counts, ...(stalled && { stalled }), bucketAt: counts.bucketAt.toISOString() },
    usage: { cpuMs, memoryBytes, instances, inFlight, errorLines },
  }));
}

/** Start of the newest minute in which a version was counted; null when never. */
export async function lastCounted(db: Db, { service, environment }: ServiceRef, version: string): Promise<Date | null> {
  const { _max } = await db.trafficBucket.aggregate({
    where: { service, environment, version, resolution: 60 },
    _max: { bucketAt: true },
  });
  return _max.bucketAt;
}

/** How a deployment stands now. */
export interface DeploymentState {
  status: DeploymentStatus;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** How deployments stand now that the time line tells of, by id; one that is deleted is left out. */
export async function statesOf(db: Db, ids: readonly string[]): Promise<Map<string, DeploymentState>> {
  const found = await db.deployment.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, status: true, startedAt: true, finishedAt: true },
  });
  return new Map(found.map(({ id, status, ...times }) => [id, { status: DeploymentStatus.parse(status), ...times }]));
}
