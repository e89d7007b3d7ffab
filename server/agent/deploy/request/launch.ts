import type { z } from "zod";
import type { Override } from "../../actions/obstacles.ts";
import { catalogOf } from "../../catalog/catalog.ts";
import { listServiceHealth } from "../../health/index.ts";
import { openIncidentsOf } from "../../incidents/index.ts";
import type { Actor } from "../../kernel/actor.ts";
import type { Channel, Runtime, Tx } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import { diskNow } from "../../kernel/storage/storage-failure.ts";
import { nextFreeze } from "../../policy/index.ts";
import type { UsesPlatform } from "../../ports/platform.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import type { PlatformInstance, ServiceRef } from "../../ports/workloads.ts";
import { lateRequests } from "../../telemetry/late-requests.ts";
import { sumOutcomes } from "../../telemetry/outcomes.ts";
import { limitsOf } from "../../telemetry/service-limits.ts";
import { requestRate } from "../../traffic/index.ts";
import { planView } from "../plan/plan-view.ts";
import { effectiveStrategy, type Planned, type Situation } from "../plan/planned.ts";
import { type DependencyState, failuresOf, type ServiceContext } from "../plan/service-context.ts";
import { recordRequest } from "../record/on-timeline.ts";
import { publishDeployment } from "../record/publish.ts";
import { type DeploymentRow, findActive, insertDeployment, listActive, recordEvent, toView } from "../record/store.ts";
import type { DeployApplicationOutput } from "../schema.ts";

/** What every deployment begins with, whoever asked for it: a checked plan, then a row, then a workflow. */

export type DeployResult = z.infer<typeof DeployApplicationOutput>;

/** Who asks, through what, under which request id. */
export interface Requester {
  actor: Actor;
  via: Channel;
  requestId: string;
}

/** Checked and ready to be written down. */
export interface Prepared {
  planned: Planned;
  plan: DeployResult["plan"];
  rollbackOf: string | null;
  committedAt: Date | null;
  /** obstacles that an administrator set aside, and why */
  override: Override | null;
}

/** The answer to whoever asked; without a record it was a dry run. */
export const deployResult = ({ plan }: Prepared, record: DeploymentRow | null): DeployResult => ({
  ...{ dryRun: record === null, plan },
  deployment: record && toView(record, null),
});

/** that a plan names of each service; how many more there are is said */
const MOST_INCIDENTS = 5;
/** Traffic of the last minutes says how long the judge will take. */
const RATE_SECONDS = 120;

/** The plan in words, from what the platform says now. */
export async function describePlan(
  runtime: Runtime,
  planned: Planned,
  instances: readonly PlatformInstance[],
  policy: Pick<Situation, "overridden" | "notes">,
): Promise<DeployResult["plan"]> {
  const at = runtime.now();
  const { service, environment } = planned;
  const counts = await recentCounts(runtime, at);
  return planView(planned, {
    at,
    ...policy,
    instances: instances.length,
    ready: instances.filter((one) => one.state === "ready").length,
    requestsPerSecond: counts && (await planRate(runtime, planned, counts)),
    surroundings: await surroundingsOf(runtime, planned, counts),
    affects: catalogOf(runtime.config).allDependentsOf(service),
    disk: diskNow(),
    nextFreeze: nextFreeze(runtime.config.deploymentConfig.freezeWindows, { service, environment, at }),
  });
}

/** Null when the platform cannot tell: a plan is possible without it. */
const recentCounts = ({ platform }: Runtime, at: Date): Promise<TrafficCounts[] | null> =>
  unlessUnreachable(platform.traffic.trafficSince(new Date(at.getTime() - RATE_SECONDS * 1_000)));

async function unlessUnreachable<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE") return null;
    throw error;
  }
}

const of = <T extends ServiceRef>(rows: readonly T[], ref: ServiceRef): T[] =>
  rows.filter((one) => one.service === ref.service && one.environment === ref.environment);

/** Of the last minutes, or of their part since the balancer counts. */
async function planRate(
  { platform, now }: Pick<Runtime, "now"> & UsesPlatform<"workloads">,
  { service, environment }: ServiceRef,
  counts: readonly TrafficCounts[],
): Promise<number | null> {
  const ref = { service, environment };
  const running = of((await unlessUnreachable(platform.workloads.listServices())) ?? [], ref)[0];
  const countedSince = running?.countedSince ? new Date(running.countedSince) : null;
  return requestRate(of(counts, ref), { now: now(), counted: true, countedSince, seconds: RATE_SECONDS }).perSecond;
}

/** Health, incidents, deployments and failures of the service and of what it depends on. */
async function surroundingsOf(
  runtime: Runtime,
  { service, environment }: ServiceRef,
  counts: readonly TrafficCounts[] | null,
): Promise<ServiceContext> {
  const { config, db, platform } = runtime;
  const dependencies = catalogOf(config).allDependenciesOf({ service, environment });
  const names = [service, ...dependencies];
  const [health, incidents, active, running] = await Promise.all([
    listServiceHealth(db, runtime.now()),
    openIncidentsOf(db, names, environment, MOST_INCIDENTS),
    listActive(db, names, environment),
    unlessUnreachable(platform.workloads.listServices()),
  ]);
  const incidentsOf = (name: string | null) => {
    const shown = incidents.shown.filter((one) => one.service === name);
    const count = incidents.counts.find((one) => one.service === name)?.count ?? 0;
    return { incidents: shown, moreIncidents: count - shown.length };
  };
  const neighbour = (name: string): DependencyState => {
    const ref = { service: name, environment };
    const { instances, pending } = of(running ?? [], ref)[0] ?? {};
    const own = of(counts ?? [], ref);
    const sum = sumOutcomes(own);
    const limits = limitsOf(config, name);
    return {
      service: name,
      health: of(health, ref)[0] ?? null,
      instances: instances
        ? { ready: instances.filter((one) => one.state === "ready").length, all: instances.length }
        : null,
      ...incidentsOf(name),
      deployment: active.find((one) => one.service === name) ?? null,
      traffic: failuresOf(own),
      late: pending ? lateRequests(pending, { served: sum, usual: sum }, limits.latencyP95Ms) : null,
      errorLimitPercent: limits.errorRatePercent,
    };
  };
  const own = neighbour(service);
  return {
    // how many of its own instances are ready is said apart
    service: { ...own, instances: null },
    dependencies: dependencies.map(neighbour),
    ofNoService: incidentsOf(null),
    windowSeconds: RATE_SECONDS,
  };
}

/** @throws CONFLICT (`details.deploymentId`) while another deployment is active there. */
export async function refuseActive(runtime: Pick<Runtime, "db">, { service, environment }: ServiceRef): Promise<void> {
  const active = await findActive(runtime.db, service, environment);
  if (active) throw activeAlready(active);
}

/** Writes the deployment, its steps and its first events, and tells browsers. The caller audits. @throws CONFLICT */
export async function insertPrepared(
  runtime: Runtime,
  tx: Tx,
  by: Requester,
  { planned, plan, rollbackOf, committedAt, override }: Prepared,
  reason: string,
): Promise<DeploymentRow> {
  const { service, environment, kind, version, previousVersion, options, steps } = planned;
  const at = runtime.now();
  const given = {
    ...{ service, environment, kind, version, previousVersion, options, steps, rollbackOf, committedAt },
    strategy: effectiveStrategy(planned),
    summary: "Waiting for a worker",
    reason: reason || null,
  };
  const deployment = await insertDeployment(tx, given, by, at);
  if (!deployment) throw activeAlready(await findActive(tx, service, environment));
  const what =
    kind === "rollback"
      ? `rolls ${service} in ${environment} back to ${version}`
      : `asked for ${service} ${version} in ${environment}`;
  const message = `${by.actor.name} ${what}${previousVersion ? `, from ${previousVersion}` : ""}${reason ? `: ${reason}` : ""}`;
  const detail = { plan: steps.map((step) => step.title), warnings: plan.warnings };
  await recordEvent(tx, deployment.id, { key: "requested", level: "info", kind: "decision", message, detail }, {}, at);
  if (override) {
    const set = `${by.actor.name} set aside what stood against it: ${override.reason}`;
    const event = { key: "overridden", level: "warning", kind: "decision", message: set } as const;
    await recordEvent(tx, deployment.id, { ...event, detail: { obstacles: override.what } }, {}, at);
  }
  await recordRequest(tx, deployment);
  await publishDeployment(runtime, tx, deployment);
  return deployment;
}

/** The record is what counts: a worker starts what is queued without a workflow, so an unreachable queue only delays. */
export async function startWorkflow({ workflows }: Pick<Runtime, "workflows">, id: string): Promise<void> {
  await unlessAway(workflows.start("deployment", id));
}

/** It looks at its record by itself within seconds; the nudge only spares the wait. */
export async function nudgeWorkflow({ workflows }: Pick<Runtime, "workflows">, id: string): Promise<void> {
  await unlessAway(workflows.nudge(id));
}

async function unlessAway(work: Promise<void>): Promise<"done" | "left to the workers"> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE") return "left to the workers";
    throw error;
  }
}

function activeAlready(active: DeploymentRow | null): AppError {
  if (!active)
    return new AppError("CONFLICT", "Another deployment was active a moment ago and has just ended. Try again.");
  return new AppError(
    "CONFLICT",
    `${active.service} in ${active.environment} is already being deployed: ${active.id} to ${active.version}. Wait for it, or decide to roll it back or abort it.`,
    { details: { deploymentId: active.id, version: active.version, status: active.status } },
  );
}
