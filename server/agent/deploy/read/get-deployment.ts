import type { z } from "zod";
import type { HealthState } from "../../health/schema.ts";
import { incidentsOfDeployments } from "../../incidents/index.ts";
import type { AgentContext } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import { authorize } from "../../kernel/permissions.ts";
import { waiting } from "../../kernel/waiting.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import type { PlatformInstance, PlatformService, ServiceRef } from "../../ports/workloads.ts";
import { failedRequests, sumOutcomes } from "../../telemetry/outcomes.ts";
import { limitsOf } from "../../telemetry/service-limits.ts";
import { withPending } from "../judge/pending.ts";
import { type DeploymentRow, getDeploymentRow, listEvents, toEventView, toView } from "../record/store.ts";
import { listAnalyses, toAnalysisSummary } from "../record/store-analyses.ts";
import { listDecisions, toDecisionView } from "../record/store-decisions.ts";
import { countTraffic, stepSecondsSince } from "../record/store-split.ts";
import { listSteps, toStepView } from "../record/store-steps.ts";
import { allowedDecisions } from "../request/allowed-decisions.ts";
import type { GetDeploymentInput, GetDeploymentOutput, InstanceView } from "../schema.ts";
import type { ServiceNow } from "../service-now-schema.ts";
import type { SplitWindow } from "../split-schema.ts";
import { evidenceNow } from "./evidence-now.ts";
import { type Following, followDeployment } from "./follow.ts";
import { readyOn, splitOf, type TrafficWindow, trafficWindow } from "./split.ts";

/** The platform remembers its 2-second buckets for minutes; the stored ones lag behind by less. */
const SAMPLES_MS = 60_000;
/** By then everything is stored, or the platform has forgotten it. */
const STORED_MS = 15 * 60_000;

/** The one status of a service, as every list shows it; null: not known here. Told by who judges services. */
export type StatusOf = (
  ctx: AgentContext,
  ref: ServiceRef,
) => Promise<{ state: HealthState; message: string | null } | null>;

/**
 * One deployment with its steps, judgements, decisions and events, and what runs and serves now. With `followSeconds`
 * it first waits for the next change that matters.
 * @throws FORBIDDEN without deployment.read, NOT_FOUND
 */
export async function getDeployment(
  ctx: AgentContext,
  { deploymentId, followSeconds = 0 }: z.input<typeof GetDeploymentInput>,
  statusOf: StatusOf,
  following: Following = {},
): Promise<z.infer<typeof GetDeploymentOutput>> {
  authorize(ctx, "deployment.read");
  if (followSeconds > 0) await waiting(() => followDeployment(ctx, deploymentId, followSeconds, following));
  const deployment = await getDeploymentRow(ctx.db, deploymentId);
  const { id, version } = deployment;
  const { most } = ctx.reader;
  const [events, steps, analyses, decisions, incidents, now, status] = await Promise.all([
    listEvents(ctx.db, id),
    listSteps(ctx.db, id),
    listAnalyses(ctx.db, id, most.analyses),
    listDecisions(ctx.db, id),
    incidentsOfDeployments(ctx.db, [id]),
    platformNow(ctx, deployment),
    statusOf(ctx, { service: deployment.service, environment: deployment.environment }),
  ]);
  const instances = now?.service.instances ?? [];
  const window = windowOf(deployment, ctx.now());
  return {
    deployment: toView(deployment, incidents.get(id) ?? null),
    allowed: await allowedDecisions(ctx, deployment, { steps, decisions }),
    steps: steps.map(toStepView),
    analyses: analyses.map(toAnalysisSummary),
    decisions: decisions.map(toDecisionView),
    events: events.slice(-most.events).map(toEventView),
    instances: instances.map(instanceView),
    split: await splitNow(ctx, deployment, window, now),
    splitWindow: deployment.startedAt === null ? null : windowView(window),
    evidenceNow: await evidenceNow(ctx, deployment, analyses),
    serviceNow: serviceNow(ctx, deployment, now, status),
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
      ctx.platform.workloads.getService(ref),
      ctx.platform.traffic.samplesSince({ ...ref, since }),
    ]);
    return { service: found, samples };
  } catch (error) {
    if (error instanceof AppError && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "NOT_FOUND")) return null;
    throw error;
  }
}

function serviceNow(
  { config }: AgentContext,
  { service }: DeploymentRow,
  now: PlatformNow | null,
  status: Awaited<ReturnType<StatusOf>>,
): ServiceNow {
  const sum = now && sumOutcomes(withPending(now.samples));
  return {
    ...{ health: status?.state ?? null, healthMessage: status?.message ?? null },
    ...{ requests: sum?.requests ?? null, failed: sum && failedRequests(sum, null) },
    ...{ windowSeconds: SAMPLES_MS / 1_000, errorLimitPercent: limitsOf(config, service).errorRatePercent },
  };
}

type Window = TrafficWindow & { stepSeconds: 10 | 60 };

function windowOf({ startedAt, createdAt, finishedAt }: DeploymentRow, now: Date): Window {
  const began = startedAt ?? createdAt;
  const stepSeconds = stepSecondsSince(began, now);
  return { ...trafficWindow(began, finishedAt, stepSeconds, now), stepSeconds };
}

const windowView = ({ from, to, ...rest }: Window): z.infer<typeof SplitWindow> => ({
  ...rest,
  ...{ from: from.toISOString(), to: to?.toISOString() ?? null },
});

async function splitNow(ctx: AgentContext, deployment: DeploymentRow, window: Window, now: PlatformNow | null) {
  const { version, previousVersion, startedAt } = deployment;
  const at = ctx.now();
  const { versions: stored, countedUntil } = await countTraffic(ctx.db, deployment, window);
  const from = countedUntil ?? window.from;
  return splitOf({
    versions: previousVersion === null ? [version] : [previousVersion, version],
    platform: now?.service ?? null,
    samples: now?.samples ?? [],
    stored,
    late: window.to === null ? (now?.samples ?? []) : await samplesUntil(ctx, deployment, from, window.to),
    countFrom: startedAt === null ? null : from,
    countTo: window.to,
    now: at,
  });
}

/** What of a deployment that has ended is not stored yet: the platform remembers its last minutes. */
async function samplesUntil(ctx: AgentContext, { service, environment }: DeploymentRow, since: Date, end: Date) {
  if (since >= end || ctx.now().getTime() - end.getTime() > STORED_MS) return [];
  try {
    return await ctx.platform.traffic.samplesSince({ service, environment, since });
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
