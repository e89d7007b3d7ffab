import { listDeployments } from "../deploy/index.ts";
import { ACTIVE_STATUSES, type DeploymentView } from "../deploy/schema.ts";
import { listServiceHealth, type ServiceHealth } from "../health/index.ts";
import { HEALTH_STATES } from "../health/schema.ts";
import { listIncidents } from "../incidents/index.ts";
import { type IncidentView, SEVERITIES, UNRESOLVED } from "../incidents/schema.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import type { PlatformService, TrafficCounts } from "../ports/platform.ts";
import { listTraffic, newestTraffic, trafficFigures } from "../traffic/index.ts";
import type { ServiceRow } from "./schema.ts";

interface Facts {
  platform: PlatformService[] | null;
  health: ServiceHealth[];
  deployments: DeploymentView[];
  incidents: IncidentView[];
  recent: TrafficCounts[];
  minutes: TrafficCounts[];
  now: Date;
  counted: boolean;
}

/** What the platform says runs; null when it cannot be reached, which is a state to show, not an error. */
export async function platformServices(ctx: AgentContext): Promise<PlatformService[] | null> {
  try {
    return await ctx.platform.listServices();
  } catch (error) {
    if (error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE") return null;
    throw error;
  }
}

/** A row per configured service and environment (or those that match), worst first, and whether the platform answers. */
export async function serviceRows(
  ctx: AgentContext,
  filter: { environment?: string | undefined; service?: string | undefined } = {},
): Promise<{ rows: ServiceRow[]; platform: PlatformService[] | null }> {
  const now = ctx.now();
  const ago = (ms: number) => new Date(now.getTime() - ms);
  const [platform, health, deployments, incidents, recent, minutes, newest] = await Promise.all([
    platformServices(ctx),
    listServiceHealth(ctx.db, now),
    listDeployments(ctx, { limit: 100, status: [...ACTIVE_STATUSES] }),
    listIncidents(ctx, { limit: 100, status: [...UNRESOLVED] }),
    listTraffic(ctx.db, { since: ago(90_000), resolution: 10 }),
    listTraffic(ctx.db, { since: ago(3_600_000), resolution: 60 }),
    newestTraffic(ctx.db),
  ]);
  const counted = newest !== null && now.getTime() - newest.getTime() < 60_000;
  const facts: Facts = {
    platform,
    health,
    deployments: deployments.items,
    incidents: incidents.items,
    recent,
    minutes,
    now,
    counted,
  };
  const rows = ctx.config.services.flatMap((service) =>
    Object.keys(service.environments)
      .filter(
        (environment) =>
          (filter.environment ?? environment) === environment && (filter.service ?? service.name) === service.name,
      )
      .map((environment) => rowOf(ctx, { service: service.name, environment }, facts)),
  );
  return { rows: rows.sort(worstFirst), platform };
}

function rowOf(ctx: AgentContext, ref: { service: string; environment: string }, facts: Facts): ServiceRow {
  const isThis = (other: { service: string | null; environment: string | null }) =>
    other.service === ref.service && (other.environment ?? ref.environment) === ref.environment;
  const config = ctx.config.services.find((service) => service.name === ref.service);
  const running = facts.platform?.find(isThis);
  const health = facts.health.find(isThis);
  const deployment = facts.deployments.find(isThis);
  const incident = facts.incidents
    .filter(isThis)
    .sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity))[0];
  const versions = new Map<string, number>();
  for (const { version } of running?.instances ?? []) versions.set(version, (versions.get(version) ?? 0) + 1);
  return {
    ...ref,
    owner: config?.owner ?? "",
    health: health?.state ?? "unknown",
    healthSince: health?.since ?? null,
    healthMessage: health?.message ?? null,
    causedBy: health?.causedBy ?? null,
    currentVersion: running?.currentVersion ?? null,
    overloaded: running?.overloaded ?? null,
    versions: [...versions]
      .map(([version, instances]) => ({ version, instances }))
      .sort((a, b) => b.instances - a.instances),
    instancesReady: running?.instances.filter((instance) => instance.state === "ready").length ?? 0,
    instancesWanted: config?.environments[ref.environment]?.instances ?? 0,
    traffic: trafficFigures(facts.recent.filter(isThis), facts.minutes.filter(isThis), {
      now: facts.now,
      counted: facts.counted,
    }),
    openIncident: incident
      ? {
          id: incident.id,
          label: incident.label,
          severity: incident.severity,
          status: incident.status,
          openedAt: incident.openedAt,
        }
      : null,
    activeDeployment: deployment
      ? {
          ...{ id: deployment.id, version: deployment.version, summary: deployment.summary },
          weight: running?.weights ? (running.weights[deployment.version] ?? 0) : null,
          waiting: deployment.waiting !== null,
        }
      : null,
  };
}

/** By health, then open incident, then production first, then name. */
function worstFirst(a: ServiceRow, b: ServiceRow): number {
  const rank = (row: ServiceRow) =>
    HEALTH_STATES.indexOf(row.health) * 10 + (row.openIncident ? 5 : 0) + (row.activeDeployment ? 1 : 0);
  const production = (row: ServiceRow) => (row.environment === "production" ? 0 : 1);
  return (
    rank(b) - rank(a) ||
    production(a) - production(b) ||
    a.environment.localeCompare(b.environment) ||
    a.service.localeCompare(b.service)
  );
}
