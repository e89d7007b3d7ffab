import type { z } from "zod";
import { deploymentStates } from "../deploy/index.ts";
import { targetNames } from "../health/index.ts";
import type { HealthState } from "../health/schema.ts";
import { incidentStates } from "../incidents/index.ts";
import { SEVERITY_LEVEL } from "../incidents/words.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import { listEvents } from "../timeline/index.ts";
import type { TimelineEventOf } from "../timeline/schema.ts";
import type { ChangeView } from "./schema.ts";

type Change = z.infer<typeof ChangeView>;
type Context = Pick<AgentContext, "db">;

const MOST = 30;
/** of a deployment its request and its end, and of an incident several changes of its status */
const MOST_EVENTS = 5 * MOST;

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

/** Only what a person would call news; pending and unknown come and go. */
const HEALTH_NEWS: Partial<Record<HealthState, Change["level"]>> = { up: "ok", degraded: "warning", down: "error" };

/** Deployments, incidents and changes of health since a time, as the time line tells of them, newest first, at most 30. */
export async function listChanges(
  ctx: AgentContext,
  { since, ...ref }: { since: Date; service?: string; environment?: string },
): Promise<Change[]> {
  authorize(ctx, "deployment.read");
  authorize(ctx, "incident.read");
  const window = { from: since, ...ref, limit: MOST_EVENTS };
  const [deployments, incidents, health] = await Promise.all([
    listEvents(ctx.db, { ...window, kinds: ["deployment.requested", "deployment.ended"] }),
    listEvents(ctx.db, { ...window, kinds: ["incident.opened", "incident.status"] }),
    listEvents(ctx.db, { ...window, kinds: ["health.changed"] }),
  ]);
  const changes = await Promise.all([
    deploymentChanges(ctx, deployments.events),
    incidentChanges(ctx, incidents.events),
    healthChanges(ctx, health.events),
  ]);
  return changes
    .flat()
    .sort((a, b) => b.at.localeCompare(a.at))
    .slice(0, MOST);
}

/** Each is shown once, with how it stands now: when it ended, or else when it was requested. `events` are newest first. */
async function deploymentChanges(
  { db }: Context,
  events: readonly TimelineEventOf<"deployment.requested" | "deployment.ended">[],
): Promise<Change[]> {
  const newest = new Map([...events].reverse().map((event) => [event.subject, event]));
  const states = await deploymentStates(db, [...newest.keys()]);
  return [...newest.values()].flatMap(({ subject, at, service, environment, detail }): Change[] => {
    const status = states.get(subject)?.status;
    if (status === undefined) return [];
    const from = detail.previousVersion ? `${detail.previousVersion} → ` : "";
    return [
      {
        ...{ at: at.toISOString(), kind: "deployment", service, environment },
        title: `${service} ${from}${detail.version}: ${status.replace("_", " ")}`,
        ...{ level: DEPLOYMENT_LEVEL[status], state: status, href: `/deployments/${subject}` },
      },
    ];
  });
}

/** When each was opened, and when it was resolved, unless it was reopened since; as it is titled and graded now. */
async function incidentChanges(
  { db }: Context,
  events: readonly TimelineEventOf<"incident.opened" | "incident.status">[],
): Promise<Change[]> {
  const states = await incidentStates(db, [...new Set(events.map(({ subject }) => subject))]);
  return events.flatMap(({ subject, at, service, environment, ...event }): Change[] => {
    const incident = states.get(subject);
    if (!incident) return [];
    const { label, title, severity, resolvedAt } = incident;
    const common = {
      at: at.toISOString(),
      kind: "incident",
      service,
      environment,
      href: `/incidents/${subject}`,
    } as const;
    if (event.kind === "incident.opened")
      return [{ ...common, title: `${label} opened: ${title}`, level: SEVERITY_LEVEL[severity], state: severity }];
    if (event.detail.to !== "resolved" || common.at !== resolvedAt) return [];
    return [{ ...common, title: `${label} resolved: ${title}`, level: "ok", state: "resolved" }];
  });
}

/** By the names that the targets have now. */
async function healthChanges({ db }: Context, events: readonly TimelineEventOf<"health.changed">[]): Promise<Change[]> {
  const ids = events.flatMap(({ subject, detail }) => [subject, ...(detail.causedBy ? [detail.causedBy.id] : [])]);
  const names = await targetNames(db, [...new Set(ids)]);
  return events.flatMap(({ subject, at, service, environment, detail: { from, to, causedBy } }): Change[] => {
    const level = HEALTH_NEWS[to];
    const name = names.get(subject);
    const isStart = to === "up" && from !== "down" && from !== "degraded";
    if (!level || name === undefined || from === to || isStart) return [];
    const cause = causedBy && names.get(causedBy.id);
    return [
      {
        ...{ at: at.toISOString(), kind: "health", service, environment },
        title: `${name} ${to}${cause ? `, caused by ${cause}` : ""}`,
        ...{ level, state: to, href: `/health/${subject}` },
      },
    ];
  });
}
