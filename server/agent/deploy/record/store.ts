import { type Deployment, type DeploymentEvent, Prisma } from "#server/db/generated/client.ts";
import type { Actor } from "../../kernel/actor.ts";
import { unknownName } from "../../kernel/allowed-names.ts";
import { dataWithoutConfidential } from "../../kernel/confidential/confidential.ts";
import { sealed } from "../../kernel/confidential/sealed.ts";
import type { Db, Tx } from "../../kernel/context.ts";
import { newId } from "../../kernel/ids.ts";
import { utcClock } from "../../text/utc.ts";
import type { RolloutRules } from "../config.ts";
import type { StepPlan } from "../plan/planned-steps.ts";
import type {
  DeploymentEventView,
  DeploymentStatus,
  DeploymentView,
  Strategy,
  Waiting,
  WatchState,
} from "../schema.ts";
import { ACTIVE_STATUSES } from "../words.ts";
import { insertSteps } from "./store-steps.ts";

/** Deployments and their events in the database; steps, decisions, analyses and locks have stores beside this one. */

/** `rules` are the rollout rules as they were when the deployment was asked for. */
export type DeploymentOptions = DeploymentView["options"] & { rules: RolloutRules };
export type DeploymentRow = Omit<Deployment, "status" | "options" | "kind" | "strategy" | "waiting" | "watchState"> & {
  kind: "deploy" | "rollback";
  strategy: Strategy | "restore";
  status: DeploymentStatus;
  options: DeploymentOptions;
  waiting: Waiting | null;
  watchState: WatchState | null;
};

const row = (deployment: Deployment): DeploymentRow => deployment as unknown as DeploymentRow;

export const isActive = (status: DeploymentStatus): boolean =>
  (ACTIVE_STATUSES as readonly DeploymentStatus[]).includes(status);

/** What succeeded and is being watched is not held to be good yet: wherever it is said that it is done, this is, too. */
export const withWatch = (
  summary: string,
  row: Pick<DeploymentRow, "watchState" | "watchUntil" | "waiting">,
): string =>
  row.watchState !== "watching" || row.watchUntil === null || row.waiting !== null
    ? summary
    : `${summary.replace(/(?<!\.)$/, ".")} It has all requests and is being watched until ${utcClock(row.watchUntil)}.`;

export function toView(deployment: DeploymentRow, incidentId: string | null): DeploymentView {
  const { id, service, environment, kind, rollbackOf, strategy, version, previousVersion } = deployment;
  const { status, reason, waiting, watchState } = deployment;
  const summary = withWatch(deployment.summary, deployment);
  const { rules: _kept, ...options } = deployment.options;
  return {
    ...{ id, service, environment, kind, rollbackOf, strategy, version, previousVersion },
    ...{ status, summary, reason, waiting, watchState, options, incidentId },
    watchUntil: deployment.watchUntil?.toISOString() ?? null,
    requestedBy: {
      kind: deployment.actorKind as Actor["kind"],
      id: deployment.actorId,
      name: deployment.actorName,
    },
    cancelRequested: deployment.cancelRequested,
    createdAt: deployment.createdAt.toISOString(),
    startedAt: deployment.startedAt?.toISOString() ?? null,
    finishedAt: deployment.finishedAt?.toISOString() ?? null,
    deadlineAt: deployment.deadlineAt.toISOString(),
  };
}

export const toEventView = (event: DeploymentEvent): DeploymentEventView => ({
  id: event.id,
  at: event.at.toISOString(),
  level: event.level as DeploymentEventView["level"],
  kind: event.kind as DeploymentEventView["kind"],
  message: event.message,
  detail: event.detail as DeploymentEventView["detail"],
});

export interface NewDeployment {
  service: string;
  environment: string;
  kind: "deploy" | "rollback";
  rollbackOf: string | null;
  strategy: Strategy | "restore";
  version: string;
  previousVersion: string | null;
  options: DeploymentOptions;
  summary: string;
  reason: string | null;
  committedAt: Date | null;
  steps: readonly StepPlan[];
}

/** What hooks and verifications send may be secret: it is kept with its placeholders. */
function withSealedRules(options: DeploymentOptions): DeploymentOptions {
  const { hooks, verification } = options.rules;
  return { ...options, rules: { ...options.rules, hooks: sealed(hooks), verification: sealed(verification) } };
}

/** Null when another deployment of that service and environment is active; its insert is waited for. */
export async function insertDeployment(
  tx: Tx,
  given: NewDeployment,
  by: { actor: Actor; requestId: string },
  at: Date,
): Promise<DeploymentRow | null> {
  const id = newId("dep", at.getTime());
  const { steps, options, ...columns } = given;
  const { count } = await tx.deployment.createMany({
    data: [
      {
        ...dataWithoutConfidential(columns, "data"),
        id,
        options: withSealedRules(options) as unknown as Prisma.InputJsonObject,
        status: "queued",
        activeKey: `${given.service}/${given.environment}`,
        actorKind: by.actor.kind,
        actorId: by.actor.id,
        actorName: by.actor.name,
        requestId: by.requestId,
        createdAt: at,
        deadlineAt: new Date(at.getTime() + given.options.timeoutSeconds * 1_000),
      },
    ],
    skipDuplicates: true,
  });
  if (count === 0) return null;
  await insertSteps(tx, id, steps);
  return getDeploymentRow(tx, id);
}

export async function findActive(tx: Tx | Db, service: string, environment: string): Promise<DeploymentRow | null> {
  const found = await tx.deployment.findUnique({ where: { activeKey: `${service}/${environment}` } });
  return found ? row(found) : null;
}

/** What is under way of some services in an environment. */
export async function listActive(db: Db, services: readonly string[], environment: string): Promise<DeploymentRow[]> {
  const keys = services.map((service) => `${service}/${environment}`);
  return (await db.deployment.findMany({ where: { activeKey: { in: keys } } })).map(row);
}

/** @throws NOT_FOUND */
export async function getDeploymentRow(db: Db | Tx, id: string): Promise<DeploymentRow> {
  const found = await db.deployment.findUnique({ where: { id: id.replaceAll("\u0000", "") } });
  if (!found)
    throw unknownName({
      ...{ what: "deployment", given: id, key: "deploymentId" },
      way: "The list of deployments shows those there are.",
    });
  return row(found);
}

/** The deployment, held until the transaction ends. @throws NOT_FOUND */
export async function lockDeployment(tx: Tx, id: string): Promise<DeploymentRow> {
  await tx.$queryRaw`select id from deployment where id = ${id} for update`;
  return getDeploymentRow(tx, id);
}

export interface NewEvent {
  key: string;
  level: DeploymentEventView["level"];
  kind: DeploymentEventView["kind"];
  message: string;
  detail?: Record<string, string | number | boolean | null | string[] | Record<string, string>[]>;
}

export type DeploymentPatch = Partial<
  Pick<
    DeploymentRow,
    | "status"
    | "summary"
    | "startedAt"
    | "finishedAt"
    | "deadlineAt"
    | "cancelRequested"
    | "waiting"
    | "watchState"
    | "watchUntil"
  >
>;

/**
 * Writes an event, and with it what it makes of the deployment. Does nothing when the event is there already; returns
 * whether it was written.
 */
export async function recordEvent(
  tx: Tx,
  deploymentId: string,
  event: NewEvent,
  patch: DeploymentPatch,
  at: Date,
): Promise<boolean> {
  const { count } = await tx.deploymentEvent.createMany({
    data: [
      {
        ...dataWithoutConfidential(event, "message"),
        id: newId("dev", at.getTime()),
        deploymentId,
        at,
        detail: dataWithoutConfidential(event.detail, "message") ?? Prisma.DbNull,
      },
    ],
    skipDuplicates: true,
  });
  if (count === 0) return false;
  await patchDeployment(tx, deploymentId, patch);
  return true;
}

/** An event by its key; null when it was not written. */
export const findEvent = (db: Db | Tx, deploymentId: string, key: string): Promise<DeploymentEvent | null> =>
  db.deploymentEvent.findUnique({ where: { deploymentId_key: { deploymentId, key } } });

/** Writes columns of a deployment; one that ends frees its service for the next. */
export async function patchDeployment(tx: Tx, deploymentId: string, patch: DeploymentPatch): Promise<void> {
  const { waiting, ...columns } = dataWithoutConfidential(patch);
  const ended = patch.status && !isActive(patch.status) ? { activeKey: null } : {};
  const asked = waiting === undefined ? {} : { waiting: waiting ?? Prisma.DbNull };
  await tx.deployment.update({ where: { id: deploymentId }, data: { ...columns, ...asked, ...ended } });
}

/** The newest 200 events, oldest first. */
export async function listEvents(db: Db | Tx, deploymentId: string): Promise<DeploymentEvent[]> {
  const newest = await db.deploymentEvent.findMany({
    where: { deploymentId },
    orderBy: [{ at: "desc" }, { seq: "desc" }],
    take: 200,
  });
  return newest.reverse();
}

export interface DeploymentFilter {
  service?: string | undefined;
  environment?: string | undefined;
  status?: DeploymentStatus[] | undefined;
  strategy?: string[] | undefined;
  kind?: "deploy" | "rollback" | undefined;
}

export const whereOf = ({
  service,
  environment,
  status,
  strategy,
  kind,
}: DeploymentFilter): Prisma.DeploymentWhereInput => ({
  ...(service ? { service } : {}),
  ...(environment ? { environment } : {}),
  ...(status ? { status: { in: status } } : {}),
  ...(strategy ? { strategy: { in: strategy } } : {}),
  ...(kind ? { kind } : {}),
});

/** One page, newest first; `cursor` is the last id of the page before. */
export async function pageDeployments(
  db: Db,
  filter: DeploymentFilter,
  limit: number,
  cursor: string | undefined,
): Promise<{ items: DeploymentRow[]; nextCursor: string | null }> {
  const found = await db.deployment.findMany({
    where: {
      ...whereOf(filter),
      ...(cursor ? { id: { lt: cursor.replaceAll("\u0000", "") } } : {}),
    },
    orderBy: { id: "desc" },
    take: limit + 1,
  });
  const items = found.slice(0, limit).map(row);
  return { items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** Ids of deployments that are active and were asked for before `before`. */
export async function listActiveIds(db: Db, before: Date): Promise<string[]> {
  const found = await db.deployment.findMany({
    where: { status: { in: [...ACTIVE_STATUSES] }, createdAt: { lt: before } },
    select: { id: true },
    orderBy: { id: "asc" },
    take: 100,
  });
  return found.map((one) => one.id);
}

/** Ids of deployments that ended before a time and are watched after their end, the oldest first. */
export async function listWatching(db: Db, finishedBefore: Date): Promise<string[]> {
  const found = await db.deployment.findMany({
    where: { watchState: "watching" satisfies WatchState, finishedAt: { lt: finishedBefore } },
    select: { id: true },
    orderBy: { id: "asc" },
    take: 100,
  });
  return found.map((one) => one.id);
}

/** Ends the watch over what ran in the place of a new deployment. */
export async function supersedeWatches(
  tx: Tx,
  { id, service, environment }: Pick<DeploymentRow, "id" | "service" | "environment">,
): Promise<void> {
  await tx.deployment.updateMany({
    where: { service, environment, watchState: "watching" satisfies WatchState, id: { not: id } },
    data: { watchState: "superseded" satisfies WatchState, waiting: Prisma.DbNull },
  });
}
