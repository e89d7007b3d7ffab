import { saysLost } from "../health/index.ts";
import type { TimelineEvent } from "../timeline/schema.ts";

/**
 * What an event means for incidents. `open` makes sure that one is open for the cause `key`, `note` writes on those that
 * are open, `recover` says that the cause is gone.
 */
export interface Cause {
  effect: "open" | "note" | "recover";
  key: string;
}

/**
 * Which incident an event is about; null: it is not one's business. What is down pages, unless something else explains it
 * or it is muted; it recovers when it is no longer down, or up at last by way of another state.
 */
export function causeOf(event: TimelineEvent): Cause | null {
  const { service, environment, subject, detail } = event;
  const { from, to, causedBy, message, muted } = detail;
  // one cause per service and environment; endpoints stand for themselves
  const key = service === null ? `health:${subject}` : `health:${service}/${environment ?? ""}`;
  if (to === "down" || (to === "degraded" && saysLost(message)))
    return { effect: causedBy !== null || muted ? "note" : "open", key };
  // from `pending` it never was away
  if (from === "down" || (to === "up" && from !== "up" && from !== "pending")) return { effect: "recover", key };
  return null;
}
