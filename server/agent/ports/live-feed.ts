import type { Db, Tx } from "#server/db/client.ts";
import { CAPABILITIES, type LiveTopic } from "../capabilities.ts";

export type { LiveTopic } from "../capabilities.ts";
/** What browsers can follow. */
export const LIVE_TOPICS = CAPABILITIES.flatMap<LiveTopic>(({ topics }) => topics);

/**
 * What changed; `reset` means: something may have been missed, re-read everything. The two of the database are what the
 * process that serves the stream sees, and come without the database; their id is that of the hint before.
 */
export interface LiveHint {
  id: string;
  topic: LiveTopic | "reset" | "database_away" | "database_back";
  subjectId: string | null;
}

/** Tells browsers what to re-read. A hint may come twice; none is lost while a follower resumes within an hour. */
export interface LiveFeed {
  /**
   * Published through the transaction of the change, delivered after its commit. `subjectId` narrows it: a deployment's
   * id, an incident's id, a `service/environment`.
   */
  publish(tx: Tx | Db, topic: LiveTopic, subjectId?: string): Promise<void>;
  /** The id of the newest hint, "0" before the first: whoever reads now and follows behind it misses nothing. */
  newestId(): Promise<string>;
  /** Hints since `lastEventId`, or a `reset` and those from now on; ends when the signal fires. */
  follow(options: { lastEventId?: string | null | undefined; signal: AbortSignal }): AsyncIterable<LiveHint>;
}
