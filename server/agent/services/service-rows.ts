import { catalogOf } from "../catalog/catalog.ts";
import { listDeployments } from "../deploy/index.ts";
import type { DeploymentView } from "../deploy/schema.ts";
import { ACTIVE_STATUSES } from "../deploy/words.ts";
import { causesFirst, listServiceHealth, type ServiceHealth, unconfiguredNote } from "../health/index.ts";
import type { HealthState } from "../health/schema.ts";
import { worstUnresolved } from "../incidents/index.ts";
import type { IncidentView } from "../incidents/schema.ts";
import { SEVERITIES } from "../incidents/words.ts";
import type { AgentContext } from "../kernel/context.ts";
import type { TrafficCounts } from "../ports/traffic.ts";
import type { PlatformService } from "../ports/workloads.ts";
import { type LateRequests, lateRequests } from "../telemetry/late-requests.ts";
import { sumOutcomes } from "../telemetry/outcomes.ts";
import { limitsOf } from "../telemetry/service-limits.ts";
import {
  listTraffic,
  newestTraffic,
  servedWithin,
  TRAFFIC_SECONDS,
  trafficFigures,
  uncollectedSince,
} from "../traffic/index.ts";
import { isHurt, withCauses } from "./causes.ts";
import { judgeService, NEWEST_SECONDS, newestServed } from "./judge-service.ts";
import { listObserved, type Observed, unseenSentence } from "./observed.ts";
import { observedRow } from "./observed-row.ts";
import { isPlatformDown, type PlatformView, silenceSentence, viewPlatform } from "./platform-view.ts";
import { worstFirst } from "./rank.ts";
import type { ServiceRow } from "./schema.ts";
import { MINUTES_READ_MS, RECENT_READ_MS, statusSince } from "./status-since.ts";

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

/** at most one of each service and environment */
const MOST_ACTIVE = 5_000;
const NOT_ASKED: Observed = { services: [], unlisted: 0, silent: [] };

type Filter = { environment?: string | undefined; service?: string | undefined };
type Told = Awaited<ReturnType<typeof judgedRows>>;

/** As `judgedRows`, each consequence with its cause, and no consequence before it. */
export async function serviceRows(
  ctx: AgentContext,
  filter: Filter = {},
  { observed = true }: { observed?: boolean } = {},
): Promise<Told> {
  const told = await judgedRows(ctx, filter, { observed });
  if (!told.rows.some(isHurt)) return told;
  // the cause of one service is another, which was not asked for
  const { rows: all } =
    filter.service === undefined
      ? told
      : await judgedRows(ctx, { environment: filter.environment }, { observed: false });
  const dependsOn = new Map(catalogOf(ctx.config).services.map(({ name, dependsOn }) => [name, dependsOn]));
  const caused = withCauses(told.rows, all, dependsOn).map((row) => ({ row, ...row, name: row.service }));
  return { ...told, rows: causesFirst(caused).map(({ row }) => row) };
}

/**
 * A row per service and environment that is configured, or runs though it no longer is (or those that match), and one for
 * each service that only its telemetry tells of, worst first; and whether the platform answers, and since when requests
 * it counted are not stored; `unseen` says what of services that are not configured is not known, and `silent` who did not
 * tell it.
 */
async function judgedRows(
  ctx: AgentContext,
  filter: Filter,
  { observed }: { observed: boolean },
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
    listDeployments(ctx, { limit: MOST_ACTIVE, status: [...ACTIVE_STATUSES] }),
    worstUnresolved(ctx),
    listTraffic(ctx.db, { since: ago(RECENT_READ_MS), resolution: 10, ...ref }),
    listTraffic(ctx.db, { since: ago(MINUTES_READ_MS), resolution: 60, ...ref }),
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
    incidents,
    recent,
    minutes,
    now,
    counted,
  };
  const catalog = catalogOf(ctx.config);
  const rows = catalog
    .places()
    .filter(({ environment }) => (filter.environment ?? environment) === environment)
    .filter(({ service }) => (filter.service ?? service) === service)
    .map((place) => rowOf(ctx, place, facts));
  const keptRefs = keptServices(ctx, platform.services, health);
  const kept = keptRefs
    .filter(({ environment }) => (filter.environment ?? environment) === environment)
    .filter(({ service }) => (filter.service ?? service) === service)
    .map(({ service, environment }) => rowOf(ctx, { service, environment }, facts));
  // what is recorded of a service and what its telemetry tells are one row
  const recorded = new Set(kept.map(({ service }) => service));
  const known = others.services
    .filter(({ service }) => (filter.service ?? service) === service && !recorded.has(service))
    .map((one) => observedRow(one, limitsOf(ctx.config, one.service), now));
  return {
    rows: [...rows, ...kept, ...known].sort(worstFirst(catalog.production)),
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
    environment !== null && !catalogOf(config).runsIn(service, environment) ? [{ service, environment }] : [],
  );
}

/** The judged status of one service, for other capabilities. Callers have authorised it. Null when it is not known. */
export async function serviceStatus(
  ctx: AgentContext,
  ref: { service: string; environment: string },
): Promise<{ state: HealthState; message: string | null } | null> {
  const [row] = (await serviceRows(ctx, ref, { observed: false })).rows;
  return row ? { state: row.health, message: row.healthMessage } : null;
}

/** The judged state of each configured service in each environment, for other capabilities. Callers have authorised it. */
export async function serviceStates(
  ctx: AgentContext,
): Promise<{ service: string; environment: string; state: HealthState; causedBy: string | null }[]> {
  const { rows } = await serviceRows(ctx, {}, { observed: false });
  return rows.flatMap(({ service, environment, health, causedBy }) =>
    environment === null ? [] : [{ service, environment, state: health, causedBy }],
  );
}

function rowOf(ctx: AgentContext, ref: { service: string; environment: string }, facts: Facts): ServiceRow {
  const isThis = (other: { service: string | null; environment: string | null }) =>
    other.service === ref.service && (other.environment ?? ref.environment) === ref.environment;
  const catalog = catalogOf(ctx.config);
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
  const late = lateOf(running, { recent, minutes }, facts, limits.latencyP95Ms);
  const status = judgeService(
    {
      probe: { state: health?.state ?? "unknown", message: health?.message ?? null },
      window: servedWithin(recent, { now, counted, seconds: TRAFFIC_SECONDS }),
      ...newestServed((seconds) => servedWithin(recent, { now, counted, seconds })),
      late,
      platform: isPlatformDown(facts.platform, now) ? silenceSentence(facts.platform) : null,
      waiting: deployment?.waiting ? `${deployment.version} waits for a decision` : null,
    },
    limits,
  );
  const since = statusSince(
    status,
    {
      probe: health ?? null,
      platformSince: facts.platform.silentSince,
      waitingSince: deployment?.waiting?.since ?? null,
    },
    { minutes, recent, now },
    limits,
  );
  const told = status.reasons.map(({ message }) => message).join("; ");
  return {
    ...ref,
    origin: catalog.runsIn(ref.service, ref.environment) ? "configured" : "kept",
    lastSeen: null,
    owner: catalog.service(ref.service)?.owner ?? "",
    health: status.state,
    reasons: status.reasons,
    unjudged: status.unjudged,
    healthSince: since.at,
    healthAtLeastSince: since.atLeast,
    healthMessage: told || (health?.message ?? null),
    notice: silenceSentence(facts.platform) ?? (running ? unconfiguredNote(running) : null),
    causedBy: health?.causedBy ?? null,
    currentVersion: running?.currentVersion ?? null,
    overloaded: running?.overloaded ?? null,
    versions: [...versions]
      .map(([version, instances]) => ({ version, instances }))
      .sort((a, b) => b.instances - a.instances),
    instancesReady: instances?.filter((instance) => instance.state === "ready").length ?? null,
    instancesWanted: catalog.settingsIn(ref.service, ref.environment)?.instances ?? instances?.length ?? null,
    traffic: {
      ...trafficFigures(recent, minutes, { now, counted, countedSince: instantOf(running?.countedSince) }),
      ...(late && { late: late.count }),
    },
    openIncident: incidentShown(incident),
    activeDeployment: deploymentShown(deployment, running?.weights ?? null),
  };
}

/** Those that hang now; nothing is known of now while the platform is silent. */
function lateOf(
  running: PlatformService | undefined,
  { recent, minutes }: Pick<Facts, "recent" | "minutes">,
  { platform, now }: Facts,
  latencyP95Ms: number,
): LateRequests | null {
  if (!running?.pending || platform.silentSince !== null) return null;
  const newestMs = now.getTime() - NEWEST_SECONDS * 1_000;
  const served = sumOutcomes(recent.filter(({ bucketAt }) => Date.parse(bucketAt) >= newestMs));
  return lateRequests(running.pending, { served, usual: sumOutcomes([...minutes, ...recent]) }, latencyP95Ms);
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
