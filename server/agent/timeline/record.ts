import type { Tx } from "../kernel/context.ts";
import type { TimelineEvent } from "./schema.ts";
import { insertEvents } from "./store.ts";

/** Writes what happened in the transaction that makes it so; an event whose key is there already is left out. */
export async function recordOnTimeline(tx: Tx, ...events: TimelineEvent[]): Promise<void> {
  if (events.length > 0) await insertEvents(tx, events);
}
