import type { z } from "zod";
import type { ServiceConfig } from "../config-services.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import type { ServiceRef } from "../ports/platform.ts";
import { listTraffic, trafficSeries } from "../traffic/index.ts";
import { listChanges } from "./changes.ts";
import type { GetServiceInput, GetServiceOutput, InstanceLogsInput, InstanceLogsOutput } from "./schema.ts";
import { platformServices, serviceRows } from "./service-rows.ts";

/** how a range is cut: seconds in all, seconds a point, and the stored resolution it is read from */
const RANGES = {
  "15m": { seconds: 900, step: 10, resolution: 10 },
  "1h": { seconds: 3_600, step: 30, resolution: 10 },
  "6h": { seconds: 21_600, step: 120, resolution: 60 },
  "24h": { seconds: 86_400, step: 600, resolution: 60 },
} as const;

/** The configured service; null for one that only runs still. @throws NOT_FOUND naming what exists. */
async function findService(ctx: AgentContext, ref: ServiceRef): Promise<ServiceConfig | null> {
  try {
    return configured(ctx, ref);
  } catch (error) {
    const platform = await platformServices(ctx);
    const isKept = platform?.some((one) => one.service === ref.service && one.environment === ref.environment);
    if (!isKept) throw error;
    return null;
  }
}

/** The configured service, if it runs in that environment. @throws NOT_FOUND naming what exists. */
function configured(ctx: AgentContext, ref: ServiceRef): ServiceConfig {
  const service = ctx.config.services.find((candidate) => candidate.name === ref.service);
  const names = ctx.config.services.map((candidate) => candidate.name);
  if (!service)
    throw new AppError("NOT_FOUND", `There is no service ${ref.service}. Configured: ${names.join(", ") || "none"}.`, {
      details: { allowed: names },
    });
  const environments = Object.keys(service.environments);
  if (!environments.includes(ref.environment))
    throw new AppError(
      "NOT_FOUND",
      `${ref.service} does not run in ${ref.environment}. It runs in ${environments.join(", ")}.`,
      { details: { allowed: environments } },
    );
  return service;
}

/** One service in one environment: its row, instances, versions, and its traffic over the range. */
export async function getService(
  ctx: AgentContext,
  input: z.output<typeof GetServiceInput>,
): Promise<z.infer<typeof GetServiceOutput>> {
  authorize(ctx, "service.read");
  const ref = { service: input.service, environment: input.environment };
  const service = await findService(ctx, ref);
  const range = RANGES[input.range];
  const to = new Date(Math.floor(ctx.now().getTime() / 10_000) * 10_000 - 10_000);
  const from = new Date(to.getTime() - range.seconds * 1_000);
  const [{ rows, platform }, traffic, changes] = await Promise.all([
    serviceRows(ctx, ref, { observed: false }),
    listTraffic(ctx.db, { since: from, resolution: range.resolution, ref }),
    listChanges(ctx, { since: from, ...ref }),
  ]);
  const [row] = rows;
  if (!row) throw new AppError("NOT_FOUND", `There is no service ${ref.service} in ${ref.environment}.`);
  const running = platform?.find((found) => found.service === ref.service && found.environment === ref.environment);
  const listed = service?.local.versions ?? [];
  const live = new Set(row.versions.map((entry) => entry.version));
  return {
    row: { ...row, environment: ref.environment },
    description: service?.description ?? "",
    url: running?.url ?? null,
    dependsOn: service?.dependsOn ?? [],
    usedBy: ctx.config.services.filter((other) => other.dependsOn.includes(ref.service)).map((other) => other.name),
    instances: running?.instances ?? [],
    versions: [
      ...listed.map((entry) => ({ ...entry, running: live.has(entry.version), configured: true })),
      ...[...live]
        .filter((version) => !listed.some((entry) => entry.version === version))
        .map((version) => ({ version, notes: "no longer configured", running: true, configured: false })),
    ],
    stepSeconds: range.step,
    series: trafficSeries(traffic, { from, to, stepSeconds: range.step }),
    changes,
  };
}

/** The newest lines an instance wrote, oldest first. @throws NOT_FOUND when it is not (or no longer) there. */
export async function instanceLogs(
  ctx: AgentContext,
  input: z.output<typeof InstanceLogsInput>,
): Promise<z.infer<typeof InstanceLogsOutput>> {
  authorize(ctx, "service.read");
  await findService(ctx, input);
  const running = await ctx.platform.getService({ service: input.service, environment: input.environment });
  if (!running.instances.some((instance) => instance.id === input.instanceId))
    throw new AppError(
      "NOT_FOUND",
      `${input.service} in ${input.environment} has no instance ${input.instanceId} now.`,
    );
  return {
    instanceId: input.instanceId,
    lines: await ctx.platform.tailLogs({ instanceId: input.instanceId, lines: input.lines }),
  };
}
