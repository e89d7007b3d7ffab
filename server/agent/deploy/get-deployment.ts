import type { z } from "zod";
import { listServiceHealth, type ServiceHealth } from "../health/index.ts";
import { incidentsOfDeployments } from "../incidents/index.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { failedRequests, sumOutcomes } from "../kernel/outcomes.ts";
import { authorize } from "../kernel/permissions.ts";
import { limitsOf } from "../kernel/service-limits.ts";
import { waiting } from "../kernel/waiting.ts";
import type { PlatformInstance, PlatformService, TrafficCounts } from "../ports/platform.ts";
import { type Following, followDeployment } from "./follow.ts";
import { withPending } from "./judge/pending.ts";
import type { GetDeploymentInput, GetDeploymentOutput, InstanceView } from "./schema.ts";
import type { ServiceNow } from "./service-now-schema.ts";
import { readyOn, splitOf } from "./split.ts";
import { type DeploymentRow, getDeploymentRow, listEvents, toEventView, toView } from "./store.ts";
import { listAnalyses, toAnalysisSummary } from "./store-analyses.ts";
import { listDecisions, toDecisionView } from "./store-decisions.ts";
import { countTraffic } from "./store-split.ts";
import { listSteps, toStepView } from "./store-steps.ts";

/** How much a person scrolls through, and how much a model reads. */
const LIMITS = { people: { events: 200, analyses: 20 }, models: { events: 30, analyses: 6 } };
/** The platform remembers its 2-second buckets for minutes; the stored ones lag behind by less. */
const SAMPLES_MS = 60_000;
/** By then everything is stored, or the platform has forgotten it. */
const STORED_MS = 15 * 60_000;

/**
 * One deployment with its steps, judgements, decisions and events, and what runs and serves now. With `followSeconds`
 * it first waits for the next change that matters.
 * @throws FORBIDDEN without deployment.read, NOT_FOUND
 */
export async function getDeployment(
  ctx: AgentContext,
  { deploymentId, followSeconds = 0 }: z.input<typeof GetDeploymentInput>,
  following: Following = {},
): Promise<z.infer<typeof GetDeploymentOutput>> {
  authorize(ctx, "deployment.read");
  if (followSeconds > 0) await waiting(() => followDeployment(ctx, deploymentId, followSeconds, following));
  const deployment = await getDeploymentRow(ctx.db, deploymentId);
  const { id, version } = deployment;
  const limits = ctx.via === "mcp" ? LIMITS.models : LIMITS.people;
  const [events, steps, analyses, decisions, incidents, now, health] = await Promise.all([
    listEvents(ctx.db, id),
    listSteps(ctx.db, id),
    listAnalyses(ctx.db, id, limits.analyses),
    listDecisions(ctx.db, id),
    incidentsOfDeployments(ctx.db, [id]),
    platformNow(ctx, deployment),
    listServiceHealth(ctx.db, ctx.now()),
  ]);
  const instances = now?.service.instances ?? [];
  return {
    deployment: toView(deployment, incidents.get(id) ?? null),
    steps: steps.map(toStepView),
    analyses: analyses.map(toAnalysisSummary),
    decisions: decisions.map(toDecisionView),
    events: events.slice(-limits.events).map(toEventView),
    instances: instances.map(instanceView),
    split: await splitNow(ctx, deployment, now),
    serviceNow: serviceNow(ctx, deployment, now, health),
    progress: { onNewVersion: now && readyOn(now.service.instances, version), wanted: deployment.options.instances },
  };
}

interface PlatformNow {
  service: PlatformService;
  samples: TrafficCounts[];
}

/** Null when the platform cannot be reached, or no longer knows the service: the record is readable without it. */
async function platformNow(ctx: AgentContext, { service, environment }: DeploymentRow): Promise<PlatformNow | null> {
  const ref = { service, environment };
  const since = new Date(ctx.now().getTime() - SAMPLES_MS);
  try {
    const [found, samples] = await Promise.all([
      ctx.platform.getService(ref),
      ctx.platform.samplesSince({ ...ref, since }),
    ]);
    return { service: found, samples };
  } catch (error) {
    if (error instanceof AppError && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "NOT_FOUND")) return null;
    throw error;
  }
}

function serviceNow(
  { config }: AgentContext,
  { service, environment }: DeploymentRow,
  now: PlatformNow | null,
  health: readonly ServiceHealth[],
): ServiceNow {
  const own = health.find((one) => one.service === service && one.environment === environment);
  const sum = now && sumOutcomes(withPending(now.samples));
  return {
    ...{ health: own?.state ?? null, healthMessage: own?.message ?? null },
    ...{ requests: sum?.requests ?? null, failed: sum && failedRequests(sum, null) },
    ...{ windowSeconds: SAMPLES_MS / 1_000, errorLimitPercent: limitsOf(config, service).errorRatePercent },
  };
}

async function splitNow(ctx: AgentContext, deployment: DeploymentRow, now: PlatformNow | null) {
  const { version, previousVersion, startedAt, finishedAt } = deployment;
  const at = ctx.now();
  const span = { from: startedAt ?? deployment.createdAt, to: finishedAt, now: at };
  const { versions: stored, countedUntil } = await countTraffic(ctx.db, deployment, span);
  const from = countedUntil ?? span.from;
  return splitOf({
    versions: previousVersion === null ? [version] : [previousVersion, version],
    platform: now?.service ?? null,
    samples: now?.samples ?? [],
    stored,
    late: finishedAt === null ? (now?.samples ?? []) : await samplesUntil(ctx, deployment, from, finishedAt),
    countFrom: startedAt === null ? null : from,
    countTo: finishedAt,
    now: at,
  });
}

/** What of a deployment that has ended is not stored yet: the platform remembers its last minutes. */
async function samplesUntil(ctx: AgentContext, { service, environment }: DeploymentRow, since: Date, end: Date) {
  if (since >= end || ctx.now().getTime() - end.getTime() > STORED_MS) return [];
  try {
    return await ctx.platform.samplesSince({ service, environment, since });
  } catch (error) {
    if (error instanceof AppError && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "NOT_FOUND")) return [];
    throw error;
  }
}

const instanceView = ({ id, version, state, reason, ...rest }: PlatformInstance): z.infer<typeof InstanceView> => ({
  ...{ id, version, state, reason },
  pid: rest.pid,
  cpuPercent: rest.cpuPercent,
  memoryBytes: rest.memoryBytes,
  restarts: rest.restarts,
  startedAt: rest.startedAt,
  inFlight: rest.inFlight,
  configured: rest.configured,
});
