import type { Db, Runtime } from "../kernel/context.ts";
import { hasUntaken, type TimelineConsumer } from "../timeline/index.ts";
import type { TimelineEvent } from "../timeline/schema.ts";
import { onDeploymentEvent } from "./deployments.ts";
import { onHealthChanged } from "./health.ts";
import { onPatternEvent } from "./log-patterns.ts";

const NAME = "incidents";

/** Makes incidents of what happens: opens them, writes on them, resolves them. */
export const incidentConsumer = (runtime: Runtime, report: TimelineConsumer["report"]): TimelineConsumer => ({
  name: NAME,
  on: (event) => follow(runtime, event),
  report,
});

function follow(runtime: Runtime, event: TimelineEvent): Promise<void> {
  switch (event.kind) {
    case "health.changed":
      return onHealthChanged(runtime, event);
    case "deployment.started":
    case "deployment.waiting":
    case "deployment.ended":
    case "deployment.regressed":
      return onDeploymentEvent(runtime, event);
    case "deployment.requested":
    case "incident.opened":
    case "incident.status":
      return Promise.resolve();
    case "pattern.firing":
    case "pattern.resolved":
      return onPatternEvent(runtime, event);
  }
}

/** Whether something happened to a subject that incidents do not know of yet. */
export const isIncidentDue = (db: Db, subject: string): Promise<boolean> => hasUntaken(db, NAME, subject);
