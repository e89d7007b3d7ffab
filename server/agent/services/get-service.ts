import type { z } from "zod";
import { type CatalogService, catalogOf } from "../catalog/catalog.ts";
import { unknownEnvironment, unknownName } from "../kernel/allowed-names.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import type { ServiceRef } from "../ports/workloads.ts";
import { listTraffic, trafficSeries } from "../traffic/index.ts";
import { listChanges } from "./changes.ts";
import { viewPlatform } from "./platform-view.ts";
import type { GetServiceInput, GetServiceOutput, InstanceLogsInput, InstanceLogsOutput } from "./schema.ts";
import { serviceRows } from "./service-rows.ts";

/** how a range is cut: seconds in all, seconds a point, and the stored resolution it is read from */
const RANGES = {
  "15m": { seconds: 900, step: 10, resolution: 10 },
  "1h": { seconds: 3_600, step: 30, resolution: 10 },
  "6h": { seconds: 21_600, step: 120, resolution: 60 },
  "24h": { seconds: 86_400, step: 600, resolution: 60 },
} as const;

/** The configured service; null for one that only runs still. @throws NOT_FOUND naming what exists. */
async function findService(ctx: AgentContext, ref: ServiceRef): Promise<CatalogService | null> {
  const catalog = catalogOf(ctx.config);
  const service = catalog.service(ref.service);
  if (service && catalog.runsIn(ref.service, ref.environment)) return service;
  const { services } = await viewPlatform(ctx);
  const isKept = services?.some((one) => one.service === ref.service && one.environment === ref.environment);
  if (isKept) return null;
  if (!service) throw noService(ctx, ref.service);
  throw unknownEnvironment(service.name, ref.environment, catalog.environmentsOf(service.name));
}

function noService(ctx: AgentContext, name: string): AppError {
  const names = catalogOf(ctx.config).serviceNames;
  return unknownName({
    ...{ what: "service", given: name, allowed: names, intro: "Configured" },
    way: "The list of services also names those that only telemetry tells of.",
  });
}

/**
 * Where a service runs: as asked, or in the only place there is; null for one that only its telemetry tells of, which is
 * not told apart by environment. @throws NOT_FOUND naming what exists, INVALID when there are several and none is named.
 */
async function placeOf(ctx: AgentContext, { service, environment }: ServiceRequest): Promise<ServiceRef | null> {
  const configured = catalogOf(ctx.config).environmentsOf(service);
  const kept = ((await viewPlatform(ctx)).services ?? []).filter((one) => one.service === service);
  const places = [...new Set([...configured, ...kept.map((one) => one.environment)])];
  const [only] = places;
  if (only === undefined) return null;
  if (environment !== undefined) return { service, environment };
  if (places.length === 1) return { service, environment: only };
  throw new AppError("INVALID", `${service} runs in ${places.join(", ")}. Name one of them as environment.`, {
    details: { allowed: places },
  });
}

type ServiceRequest = z.output<typeof GetServiceInput>;
type Found = z.infer<typeof GetServiceOutput>;

/** One service in one environment: its row, instances, versions, and its traffic over the range. */
export async function getService(ctx: AgentContext, input: ServiceRequest): Promise<Found> {
  authorize(ctx, "service.read");
  const range = RANGES[input.range];
  const to = new Date(Math.floor(ctx.now().getTime() / 10_000) * 10_000 - 10_000);
  const from = new Date(to.getTime() - range.seconds * 1_000);
  const ref = await placeOf(ctx, input);
  if (ref === null) return getObserved(ctx, input, from);
  const service = await findService(ctx, ref);
  const catalog = catalogOf(ctx.config);
  const [{ rows, platform }, traffic, changes] = await Promise.all([
    serviceRows(ctx, ref, { observed: false }),
    listTraffic(ctx.db, { since: from, resolution: range.resolution, ref }),
    listChanges(ctx, { since: from, ...ref }),
  ]);
  const [row] = rows;
  if (!row) throw unknownName({ what: "service", given: `${ref.service} in ${ref.environment}` });
  const running = platform.services?.find(
    (found) => found.service === ref.service && found.environment === ref.environment,
  );
  const series = trafficSeries(traffic, { from, to, stepSeconds: range.step });
  const listed = catalog.versionsOf(ref.service);
  const live = new Set(row.versions.map((entry) => entry.version));
  return {
    row,
    description: service?.description ?? "",
    url: running?.url ?? null,
    dependsOn: service?.dependsOn ?? [],
    usedBy: catalog.dependentsOf(ref.service),
    instances: running?.instances ?? [],
    versions: [
      ...listed.map((entry) => ({ ...entry, running: live.has(entry.version), configured: true })),
      ...[...live]
        .filter((version) => !listed.some((entry) => entry.version === version))
        .map((version) => ({ version, notes: "no longer configured", running: true, configured: false })),
    ],
    stepSeconds: range.step,
    series: ctx.reader.brief ? sinceFirst(series) : series,
    changes,
  };
}

/** Points before the first count say nothing. */
function sinceFirst(series: Found["series"]): Found["series"] {
  const first = series.findIndex(({ requestsPerSecond }) => requestsPerSecond !== null);
  return first < 0 ? [] : series.slice(first);
}

/** What is known of a service that only its telemetry tells of. @throws NOT_FOUND naming what exists. */
async function getObserved(ctx: AgentContext, { service, range }: ServiceRequest, since: Date): Promise<Found> {
  const { rows } = await serviceRows(ctx, { service });
  const [row] = rows;
  if (!row) throw noService(ctx, service);
  const changes = await listChanges(ctx, { since, service });
  return {
    ...{ row, description: "", url: null, dependsOn: [], usedBy: [], instances: [], versions: [] },
    ...{ stepSeconds: RANGES[range].step, series: [], changes },
  };
}

/** The newest lines an instance wrote, oldest first. @throws NOT_FOUND when it is not (or no longer) there. */
export async function instanceLogs(
  ctx: AgentContext,
  input: z.output<typeof InstanceLogsInput>,
): Promise<z.infer<typeof InstanceLogsOutput>> {
  authorize(ctx, "service.read");
  await findService(ctx, input);
  const running = await ctx.platform.workloads.getService({ service: input.service, environment: input.environment });
  const allowed = running.instances.map(({ id }) => id);
  if (!allowed.includes(input.instanceId))
    throw unknownName({
      ...{ what: "instance", given: input.instanceId, allowed },
      intro: `${input.service} in ${input.environment} has now`,
    });
  return {
    instanceId: input.instanceId,
    lines: await ctx.platform.logs.tailLogs({ instanceId: input.instanceId, lines: input.lines }),
  };
}
