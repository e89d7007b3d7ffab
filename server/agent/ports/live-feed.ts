import type { Db, Tx } from "#server/db/client.ts";

/** What browsers can follow. `subjectId` narrows it: a deployment's id, an incident's id, a `service/environment`. */
export const LIVE_TOPICS = ["deployment", "incident", "health", "service", "audit", "settings"] as const;
export type LiveTopic = (typeof LIVE_TOPICS)[number];

/** Tells browsers what to re-read. Published through the transaction of the change, delivered after its commit. */
export interface LiveFeed {
  publish(tx: Tx | Db, topic: LiveTopic, subjectId?: string): Promise<void>;
}
