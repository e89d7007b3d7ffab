import { saysLost } from "../health/index.ts";
import type { TimelineEvent, TimelineEventOf } from "../timeline/schema.ts";

/**
 * What an event means for incidents. `open` makes sure that one is open for the cause `key`, `note` writes on those that
 * are open, `recover` says that the cause is gone.
 */
export interface Cause {
  effect: "open" | "note" | "recover";
  key: string;
}

/** Which incident an event is about, and what it does there; null: it is not one's business. */
export function causeOf(event: TimelineEvent): Cause | null {
  switch (event.kind) {
    case "health.changed":
      return causeOfHealth(event);
    case "deployment.requested": // it changed nothing yet
    case "incident.opened":
    case "incident.status": // incidents do not follow themselves
      return null;
    case "deployment.started":
      return { effect: "note", key: deploymentKey(event) };
    case "deployment.waiting":
    case "deployment.regressed":
      return { effect: "open", key: deploymentKey(event) };
    case "deployment.ended":
      // what never began changed nothing
      if (event.detail.startedAt === null) return null;
      return { effect: event.detail.failure ? "open" : "note", key: deploymentKey(event) };
    case "pattern.firing":
      return { effect: "open", key: event.subject };
    case "pattern.resolved":
      return { effect: "recover", key: event.subject };
  }
}

/** One for each service, environment and version: who deploys the same again finds the incident open. */
const deploymentKey = (event: { service: string; environment: string; detail: { version: string } }): string =>
  `deployment:${event.service}/${event.environment}:${event.detail.version}`;

/**
 * What is down pages, unless something else explains it or it is muted; it recovers when it is no longer down, or up at
 * last by way of another state.
 */
function causeOfHealth({ service, environment, subject, detail }: TimelineEventOf<"health.changed">): Cause | null {
  const { from, to, causedBy, message, muted } = detail;
  // one cause per service and environment; endpoints stand for themselves
  const key = service === null ? `health:${subject}` : `health:${service}/${environment ?? ""}`;
  if (to === "down" || (to === "degraded" && saysLost(message)))
    return { effect: causedBy !== null || muted ? "note" : "open", key };
  // from `pending` it never was away
  if (from === "down" || (to === "up" && from !== "up" && from !== "pending")) return { effect: "recover", key };
  return null;
}
