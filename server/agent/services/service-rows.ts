import { settingsIn } from "../config-services.ts";
import { listDeployments } from "../deploy/index.ts";
import { ACTIVE_STATUSES, type DeploymentView } from "../deploy/schema.ts";
import { listServiceHealth, type ServiceHealth, unconfiguredNote } from "../health/index.ts";
import type { HealthState } from "../health/schema.ts";
import { listIncidents } from "../incidents/index.ts";
import { type IncidentView, SEVERITIES, UNRESOLVED } from "../incidents/schema.ts";
import type { AgentContext } from "../kernel/context.ts";
import { limitsOf } from "../kernel/service-limits.ts";
import type { PlatformService, TrafficCounts } from "../ports/platform.ts";
import {
  listTraffic,
  newestTraffic,
  servedWithin,
  TRAFFIC_SECONDS,
  trafficFigures,
  uncollectedSince,
} from "../traffic/index.ts";
import { ailingSince } from "./ailing-since.ts";
import { judgeService } from "./judge-service.ts";
import { listObserved, type Observed, unseenSentence } from "./observed.ts";
import { observedRow } from "./observed-row.ts";
import { isPlatformDown, type PlatformView, silenceSentence, viewPlatform } from "./platform-view.ts";
import { worstFirst } from "./rank.ts";
import type { ServiceRow } from "./schema.ts";

interface Facts {
  platform: PlatformView;
  health: ServiceHealth[];
  deployments: DeploymentView[];
  incidents: IncidentView[];
  recent: TrafficCounts[];
  minutes: TrafficCounts[];
  now: Date;
  counted: boolean;
}

/** How much of what the status is judged over is still now. */
const NEWEST_SECONDS = 60;
const NOT_ASKED: Observed = { services: [], unlisted: 0, silent: [] };

/**
 * A row per service and environment that is configured, or runs though it no longer is (or those that match), and one for
 * each service that only its telemetry tells of, worst first; and whether the platform answers, and since when requests
 * it counted are not stored; `unseen` says what of services that are not configured is not known, and `silent` who did not
 * tell it.
 */
export async function serviceRows(
  ctx: AgentContext,
  filter: { environment?: string | undefined; service?: string | undefined } = {},
  { observed = true }: { observed?: boolean } = {},
): Promise<{
  rows: ServiceRow[];
  platform: PlatformView;
  uncountedSince: Date | null;
  unseen: string | null;
  silent: string[];
}> {
  const now = ctx.now();
  const ref =
    filter.service !== undefined && filter.environment !== undefined
      ? { ref: { service: filter.service, environment: filter.environment } }
      : {};
  const ago = (ms: number) => new Date(now.getTime() - ms);
  const [platform, health, deployments, incidents, recent, minutes, newest, others] = await Promise.all([
    viewPlatform(ctx),
    listServiceHealth(ctx.db, now),
    listDeployments(ctx, { limit: 100, status: [...ACTIVE_STATUSES] }),
    listIncidents(ctx, { limit: 100, status: [...UNRESOLVED] }),
    listTraffic(ctx.db, { since: ago((TRAFFIC_SECONDS + 30) * 1_000), resolution: 10, ...ref }),
    listTraffic(ctx.db, { since: ago(3_600_000), resolution: 60, ...ref }),
    newestTraffic(ctx.db),
    observed ? listObserved(ctx, filter.environment) : NOT_ASKED,
  ]);
  const uncountedSince = platform.silentSince === null ? await uncollectedSince(ctx, newest) : null;
  const isFresh = newest !== null && now.getTime() - newest.getTime() < 60_000;
  const counted = isFresh || (platform.silentSince === null && uncountedSince === null);
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
  const keptRefs = keptServices(ctx, platform.services, health);
  const kept = keptRefs
    .filter(({ environment }) => (filter.environment ?? environment) === environment)
    .filter(({ service }) => (filter.service ?? service) === service)
    .map(({ service, environment }) => rowOf(ctx, { service, environment }, facts));
  // what is recorded of a service and what its telemetry tells are one row
  const recorded = new Set(kept.map(({ service }) => service));
  const known = others.services
    .filter(({ service }) => (filter.service ?? service) === service && !recorded.has(service))
    .map((one) => observedRow(one, limitsOf(ctx.config, one.service)));
  return {
    rows: [...rows, ...kept, ...known].sort(worstFirst),
    platform,
    uncountedSince,
    unseen: unseenSentence(others),
    silent: others.silent,
  };
}

/** What runs though it left the configuration; while the platform does not answer, what is still checked of it. */
function keptServices(
  { config }: AgentContext,
  platform: PlatformView["services"],
  health: readonly ServiceHealth[],
): { service: string; environment: string }[] {
  if (platform) return platform.filter(({ configured }) => !configured);
  return health.flatMap(({ service, environment }) =>
    environment !== null && !isConfigured(config, service, environment) ? [{ service, environment }] : [],
  );
}

const isConfigured = ({ services }: AgentContext["config"], service: string, environment: string): boolean =>
  services.some((one) => one.name === service && Object.hasOwn(one.environments, environment));

/** The judged state of each configured service in each environment, for other capabilities. Callers have authorised it. */
export async function serviceStates(
  ctx: AgentContext,
): Promise<{ service: string; environment: string; state: HealthState }[]> {
  const { rows } = await serviceRows(ctx, {}, { observed: false });
  return rows.flatMap(({ service, environment, health }) =>
    environment === null ? [] : [{ service, environment, state: health }],
  );
}

function rowOf(ctx: AgentContext, ref: { service: string; environment: string }, facts: Facts): ServiceRow {
  const isThis = (other: { service: string | null; environment: string | null }) =>
    other.service === ref.service && (other.environment ?? ref.environment) === ref.environment;
  const config = ctx.config.services.find((service) => service.name === ref.service);
  const running = facts.platform.services?.find(isThis);
  // nothing runs of what the platform does not name; nothing is known while it has never answered
  const instances = running?.instances ?? (facts.platform.services ? [] : null);
  const health = facts.health.find(isThis);
  const deployment = facts.deployments.find(isThis);
  const incident = facts.incidents
    .filter(isThis)
    .sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity))[0];
  const versions = new Map<string, number>();
  for (const { version } of running?.instances ?? []) versions.set(version, (versions.get(version) ?? 0) + 1);
  const recent = facts.recent.filter(isThis);
  const minutes = facts.minutes.filter(isThis);
  const { now, counted } = facts;
  const limits = limitsOf(ctx.config, ref.service);
  const status = judgeService(
    {
      probe: { state: health?.state ?? "unknown", message: health?.message ?? null },
      window: servedWithin(recent, { now, counted, seconds: TRAFFIC_SECONDS }),
      newest: servedWithin(recent, { now, counted, seconds: NEWEST_SECONDS }),
      platform: isPlatformDown(facts.platform, now) ? silenceSentence(facts.platform) : null,
      waiting: deployment?.waiting ? `${deployment.version} waits for a decision` : null,
    },
    limits,
  );
  const told = status.reasons.map(({ message }) => message).join("; ");
  return {
    ...ref,
    origin: isConfigured(ctx.config, ref.service, ref.environment) ? "configured" : "kept",
    lastSeen: null,
    owner: config?.owner ?? "",
    health: status.state,
    reasons: status.reasons,
    unjudged: status.unjudged,
    healthSince:
      status.state === (health?.state ?? "unknown")
        ? (health?.since ?? null)
        : ailingSince(status.state, { minutes, recent, now }, limits),
    healthMessage: told || (health?.message ?? null),
    notice: silenceSentence(facts.platform) ?? (running ? unconfiguredNote(running) : null),
    causedBy: health?.causedBy ?? null,
    currentVersion: running?.currentVersion ?? null,
    overloaded: running?.overloaded ?? null,
    versions: [...versions]
      .map(([version, instances]) => ({ version, instances }))
      .sort((a, b) => b.instances - a.instances),
    instancesReady: instances?.filter((instance) => instance.state === "ready").length ?? null,
    instancesWanted: settingsIn(config, ref.environment)?.instances ?? instances?.length ?? null,
    traffic: trafficFigures(recent, minutes, { now, counted, countedSince: instantOf(running?.countedSince) }),
    openIncident: incidentShown(incident),
    activeDeployment: deploymentShown(deployment, running?.weights ?? null),
  };
}

const instantOf = (text: string | null | undefined): Date | null => (text ? new Date(text) : null);

function incidentShown(incident: Facts["incidents"][number] | undefined): ServiceRow["openIncident"] {
  return incident
    ? {
        id: incident.id,
        label: incident.label,
        severity: incident.severity,
        status: incident.status,
        openedAt: incident.openedAt,
      }
    : null;
}

function deploymentShown(
  deployment: Facts["deployments"][number] | undefined,
  weights: PlatformService["weights"] | null,
): ServiceRow["activeDeployment"] {
  return deployment
    ? {
        ...{ id: deployment.id, version: deployment.version, summary: deployment.summary },
        weight: weights ? (weights[deployment.version] ?? 0) : null,
        waiting: deployment.waiting !== null,
      }
    : null;
}
