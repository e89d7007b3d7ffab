import { HEALTH_STATES, type HealthState } from "../health/schema.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import { listChanges } from "./changes.ts";
import type { ListServicesOutput, ServiceRow } from "./schema.ts";
import { serviceRows } from "./service-rows.ts";

const CHANGES_MS = 6 * 3_600_000;

/**
 * The overview: a row per service and environment, worst first, with one sentence of state and what changed.
 * @throws INVALID for an environment that is not configured, naming those that are.
 */
export async function listServices(
  ctx: AgentContext,
  input: { environment?: string | undefined },
): Promise<ListServicesOutput> {
  authorize(ctx, "service.read");
  const { environment } = input;
  const environments = ctx.config.deploymentConfig.environments;
  if (environment !== undefined && !environments.includes(environment))
    throw new AppError("INVALID", `There is no environment ${environment}. Configured: ${environments.join(", ")}.`, {
      details: { allowed: environments },
    });
  const [{ rows, platform }, changes] = await Promise.all([
    serviceRows(ctx, { environment }),
    listChanges(ctx, {
      since: new Date(ctx.now().getTime() - CHANGES_MS),
      ...(environment === undefined ? {} : { environment }),
    }),
  ]);
  const overall = HEALTH_STATES[Math.max(0, ...rows.map((row) => HEALTH_STATES.indexOf(row.health)))] ?? "unknown";
  return {
    summary: summarise(rows, platform !== null),
    overall: rows.length === 0 ? "unknown" : overall,
    sample: ctx.source.sample,
    environments,
    platformReachable: platform !== null,
    rows,
    changes,
  };
}

const STATE_WORDS: [HealthState, string][] = [
  ["down", "down"],
  ["degraded", "degraded"],
  ["unknown", "without a fresh check"],
  ["pending", "failing, not yet confirmed"],
  ["maintenance", "in maintenance"],
];
const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** "2 services down · 1 incident · 1 deployment running", or that all is well. */
export function summarise(rows: readonly ServiceRow[], platformReachable: boolean): string {
  if (rows.length === 0) return "No services are configured yet";
  const parts: string[] = [];
  if (!platformReachable) parts.push("The local platform does not answer: instances and traffic are unknown");
  for (const [state, words] of STATE_WORDS) {
    const count = rows.filter((row) => row.health === state).length;
    if (count > 0) parts.push(`${plural(count, "service")} ${words}`);
  }
  if (parts.length === 0) parts.push(`All ${plural(rows.length, "service")} up`);
  const incidents = new Set(rows.flatMap((row) => row.openIncident?.id ?? [])).size;
  const deployments = rows.filter((row) => row.activeDeployment).length;
  if (incidents > 0) parts.push(plural(incidents, "open incident"));
  if (deployments > 0) parts.push(`${plural(deployments, "deployment")} running`);
  return parts.join(" · ");
}
