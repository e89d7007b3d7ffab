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
/** as many as a sentence can name */
const NAMED_AT_MOST = 3;
const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const listed = (words: string[]) => [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");
const distinct = (words: string[]) => [...new Set(words)].sort();

/** "checkout (production) down · 1 open incident · 1 deployment running", or that all is well. */
export function summarise(rows: readonly ServiceRow[], platformReachable: boolean): string {
  if (rows.length === 0) return "No services are configured yet";
  const parts: string[] = [];
  if (!platformReachable) parts.push("The local platform does not answer: instances and traffic are unknown");
  for (const [state, words] of STATE_WORDS) {
    const there = rows.filter((row) => row.health === state);
    if (there.length === 0) continue;
    const names = there.map((row) => `${row.service} (${row.environment})`);
    parts.push(
      `${names.length <= NAMED_AT_MOST ? listed(names) : `${names.length} of ${rows.length} services`} ${words}`,
    );
  }
  if (parts.length === 0) {
    const services = distinct(rows.map((row) => row.service)).length;
    const environments = distinct(rows.map((row) => row.environment));
    parts.push(`${services === 1 ? "The service is" : `All ${services} services are`} up in ${listed(environments)}`);
  }
  const incidents = distinct(rows.flatMap((row) => row.openIncident?.id ?? [])).length;
  const deployments = rows.flatMap((row) => row.activeDeployment ?? []);
  const waiting = deployments.filter((one) => one.waiting).length;
  if (incidents > 0) parts.push(plural(incidents, "open incident"));
  if (deployments.length > waiting) parts.push(running(deployments.filter((one) => !one.waiting)));
  if (waiting > 0) parts.push(`${plural(waiting, "deployment")} ${waiting === 1 ? "waits" : "wait"} for a decision`);
  return parts.join(" · ");
}

/** `1 deployment at 25 %`, when there is one whose share says more than that it runs. */
function running(deployments: readonly NonNullable<ServiceRow["activeDeployment"]>[]): string {
  const [only] = deployments;
  const share = deployments.length === 1 && only?.weight != null ? `at ${only.weight} %` : "running";
  return `${plural(deployments.length, "deployment")} ${share}`;
}
