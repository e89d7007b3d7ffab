import type { z } from "zod";
import { listDeployments } from "../deploy/index.ts";
import { listHealthChanges } from "../health/index.ts";
import type { HealthState } from "../health/schema.ts";
import { listIncidents } from "../incidents/index.ts";
import type { AgentContext } from "../kernel/context.ts";
import type { ChangeView } from "./schema.ts";

type Change = z.infer<typeof ChangeView>;

const DEPLOYMENT_LEVEL = {
  queued: "info",
  running: "info",
  paused: "warning",
  rolling_back: "warning",
  succeeded: "ok",
  rolled_back: "warning",
  failed: "error",
  cancelled: "info",
} as const;

const SEVERITY_LEVEL = { low: "info", medium: "warning", high: "warning", critical: "error" } as const;

/** Only what a person would call news; pending and unknown come and go. */
const HEALTH_NEWS: Partial<Record<HealthState, Change["level"]>> = { up: "ok", degraded: "warning", down: "error" };

/** Deployments, incidents and changes of health since a time, newest first, at most 30. */
export async function listChanges(
  ctx: AgentContext,
  query: { since: Date; service?: string; environment?: string },
): Promise<Change[]> {
  const { since, ...ref } = query;
  const [deployments, incidents, health] = await Promise.all([
    listDeployments(ctx, { limit: 30, ...ref }),
    listIncidents(ctx, { limit: 30, ...ref }),
    listHealthChanges(ctx.db, since, 100),
  ]);
  const changes: Change[] = [];
  for (const deployment of deployments.items) {
    const from = deployment.previousVersion ? `${deployment.previousVersion} → ` : "";
    changes.push({
      at: deployment.finishedAt ?? deployment.createdAt,
      kind: "deployment",
      service: deployment.service,
      environment: deployment.environment,
      title: `${deployment.service} ${from}${deployment.version}: ${deployment.status.replace("_", " ")}`,
      level: DEPLOYMENT_LEVEL[deployment.status],
      state: deployment.status,
      href: `/deployments/${deployment.id}`,
    });
  }
  for (const incident of incidents.items) {
    const common = {
      kind: "incident",
      service: incident.service,
      environment: incident.environment,
      href: `/incidents/${incident.id}`,
    } as const;
    changes.push({
      ...common,
      at: incident.openedAt,
      title: `${incident.label} opened: ${incident.title}`,
      level: SEVERITY_LEVEL[incident.severity],
      state: incident.severity,
    });
    if (incident.resolvedAt)
      changes.push({
        ...common,
        at: incident.resolvedAt,
        title: `${incident.label} resolved: ${incident.title}`,
        level: "ok",
        state: "resolved",
      });
  }
  for (const change of health) {
    const level = HEALTH_NEWS[change.to];
    const elsewhere =
      (query.service ?? change.service) !== change.service ||
      (query.environment ?? change.environment) !== change.environment;
    if (
      !level ||
      elsewhere ||
      change.from === change.to ||
      (change.to === "up" && change.from !== "down" && change.from !== "degraded")
    )
      continue;
    changes.push({
      at: change.at,
      kind: "health",
      service: change.service,
      environment: change.environment,
      title: `${change.name} ${change.to}${change.causedBy ? `, caused by ${change.causedBy}` : ""}`,
      level,
      state: change.to,
      href: `/health/${change.targetId}`,
    });
  }
  return changes
    .filter((change) => Date.parse(change.at) >= since.getTime())
    .sort((a, b) => b.at.localeCompare(a.at))
    .slice(0, 30);
}
