import type { LogLineView } from "#server/agent/logs/schema.ts";

/** What a live tail holds: oldest first, never more than TAIL_MOST and one block. */
export interface TailBuffer {
  lines: readonly LogLineView[];
  /** lines that came and were let go since the tail began */
  dropped: number;
  /** how many of them left at the top with the last change, for the place of what is being read */
  droppedNow: number;
  /** how many were added with the last change */
  addedNow: number;
}

export const TAIL_MOST = 10_000;
/** let go at once, so that the list is not moved with every line */
const DROP_BLOCK = 1_000;

export const EMPTY_TAIL: TailBuffer = { lines: [], dropped: 0, droppedNow: 0, addedNow: 0 };

const before = (a: LogLineView, b: LogLineView): number =>
  a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

/** The buffer and what came, each line once, in order of time: a line may arrive after younger ones. */
export function addToTail(buffer: TailBuffer, incoming: readonly LogLineView[], most = TAIL_MOST): TailBuffer {
  const known = new Set(buffer.lines.map((line) => line.id));
  const oldestKept = buffer.dropped > 0 ? buffer.lines[0] : undefined;
  const fresh = [...new Map(incoming.map((line) => [line.id, line])).values()].filter(
    (line) => !known.has(line.id) && !(oldestKept && before(line, oldestKept) < 0),
  );
  if (fresh.length === 0) return buffer;
  const lines = [...buffer.lines, ...fresh].sort(before);
  const block = Math.min(DROP_BLOCK, Math.ceil(most / 10));
  const excess = lines.length > most + block ? lines.length - most : 0;
  return {
    lines: excess > 0 ? lines.slice(excess) : lines,
    dropped: buffer.dropped + excess,
    droppedNow: excess,
    addedNow: fresh.length,
  };
}
