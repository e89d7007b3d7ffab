import type { Db } from "../kernel/context.ts";
import type { TimelineEvent, TimelineEventOf, TimelineKind } from "./schema.ts";
import { type EventFilter, listNewest } from "./store.ts";

export interface EventsQuery<K extends TimelineKind> extends EventFilter {
  kinds?: readonly K[];
  /** as many at most; what is older is cut */
  limit: number;
}

export interface EventsFound<K extends TimelineKind> {
  /** newest first */
  events: TimelineEventOf<K>[];
  /** there are older ones in the window, beyond the limit */
  isCut: boolean;
}

/** What happened in a window, to one service or all. Callers have authorised the reading. */
export async function listEvents<K extends TimelineKind = TimelineKind>(
  db: Db,
  { limit, ...filter }: EventsQuery<K>,
): Promise<EventsFound<K>> {
  const { kinds } = filter;
  const isAsked = (event: TimelineEvent | null): event is TimelineEventOf<K> =>
    event !== null && (kinds === undefined || kinds.some((kind) => kind === event.kind));
  const found = await listNewest(db, filter, limit + 1);
  return {
    events: found
      .slice(0, limit)
      .map(({ event }) => event)
      .filter(isAsked),
    isCut: found.length > limit,
  };
}
