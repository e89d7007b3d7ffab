import type { z } from "zod";
import { listDeployments } from "../deploy/index.ts";
import { listIncidents } from "../incidents/index.ts";
import type { AgentContext } from "../kernel/context.ts";
import type { ChangeView } from "./schema.ts";

type Change = z.infer<typeof ChangeView>;

const DEPLOYMENT_LEVEL = {
  queued: "info",
  running: "info",
  rolling_back: "warning",
  succeeded: "ok",
  rolled_back: "error",
  failed: "error",
  cancelled: "warning",
} as const;

/** Deployments and incidents since a time, newest first, at most 30. */
export async function listChanges(
  ctx: AgentContext,
  query: { since: Date; service?: string; environment?: string },
): Promise<Change[]> {
  const { since, ...ref } = query;
  const [deployments, incidents] = await Promise.all([
    listDeployments(ctx, { limit: 30, ...ref }),
    listIncidents(ctx, { limit: 30, ...ref }),
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
      level: "error",
    });
    if (incident.resolvedAt)
      changes.push({
        ...common,
        at: incident.resolvedAt,
        title: `${incident.label} resolved: ${incident.title}`,
        level: "ok",
      });
  }
  return changes
    .filter((change) => Date.parse(change.at) >= since.getTime())
    .sort((a, b) => b.at.localeCompare(a.at))
    .slice(0, 30);
}
