import type { z } from "zod";
import { incidentsOfDeployments } from "../incidents/index.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import type { PlatformInstance, ServiceRef } from "../ports/platform.ts";
import type { GetDeploymentOutput } from "./schema.ts";
import { getDeploymentRow, listEvents, toEventView, toView } from "./store.ts";

/** One deployment with its events and what runs now. @throws FORBIDDEN without deployment.read, NOT_FOUND */
export async function getDeployment(
  ctx: AgentContext,
  input: { deploymentId: string },
): Promise<z.infer<typeof GetDeploymentOutput>> {
  authorize(ctx, "deployment.read");
  const deployment = await getDeploymentRow(ctx.db, input.deploymentId);
  const { id, service, environment, version } = deployment;
  const [events, incidents, instances] = await Promise.all([
    listEvents(ctx.db, id),
    incidentsOfDeployments(ctx.db, [id]),
    instancesNow(ctx, { service, environment }),
  ]);
  const onNewVersion = instances.filter((one) => one.version === version && one.state === "ready").length;
  return {
    deployment: toView(deployment, incidents.get(id) ?? null),
    events: events.map(toEventView),
    instances: instances.map(({ id, version, state, reason, pid, cpuPercent, memoryBytes, restarts, ...rest }) => ({
      ...{ id, version, state, reason, pid, cpuPercent, memoryBytes, restarts },
      startedAt: rest.startedAt,
      inFlight: rest.inFlight,
    })),
    progress: { onNewVersion, wanted: deployment.options.instances },
  };
}

/** Empty when the platform cannot be reached, or no longer knows the service: the record is readable without it. */
async function instancesNow(ctx: AgentContext, ref: ServiceRef): Promise<PlatformInstance[]> {
  try {
    return (await ctx.platform.getService(ref)).instances;
  } catch (error) {
    if (error instanceof AppError && (error.code === "UPSTREAM_UNAVAILABLE" || error.code === "NOT_FOUND")) return [];
    throw error;
  }
}
