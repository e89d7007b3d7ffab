import type { Db, Tx } from "#server/db/client.ts";

/** What browsers can follow. `subjectId` narrows it: a deployment's id, an incident's id, a `service/environment`. */
export const LIVE_TOPICS = ["deployment", "incident", "health", "service", "audit", "settings"] as const;
export type LiveTopic = (typeof LIVE_TOPICS)[number];

/** What changed; `reset` means: something may have been missed, re-read everything. */
export interface LiveHint {
  id: string;
  topic: LiveTopic | "reset";
  subjectId: string | null;
}

/** Tells browsers what to re-read. A hint may come twice; none is lost while a follower resumes within an hour. */
export interface LiveFeed {
  /** Published through the transaction of the change, delivered after its commit. */
  publish(tx: Tx | Db, topic: LiveTopic, subjectId?: string): Promise<void>;
  /** Hints from now on, or since `lastEventId`; ends when the signal fires. */
  follow(options: { lastEventId?: string | null | undefined; signal: AbortSignal }): AsyncIterable<LiveHint>;
}
