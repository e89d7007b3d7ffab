import { createLineJoiner, flushLines, joinLines } from "../logs/index.ts";

interface StreamLine {
  text: string;
  /** when it came in, ms since 1970 */
  atMs: number;
}

/** Lines that are one event, as a stack trace is. */
export interface JoinedEvent<T> {
  text: string;
  lines: T[];
}

/** Joins the lines of one stream and keeps what came with each of them. */
export interface EventJoiner<T extends StreamLine> {
  /** Events that are complete with this line, oldest first. */
  push(line: T): JoinedEvent<T>[];
  /** The event of a stream that is quiet; with Infinity, of one that has ended. */
  flush(nowMs: number): JoinedEvent<T>[];
}

export function createEventJoiner<T extends StreamLine>(): EventJoiner<T> {
  const joiner = createLineJoiner();
  let pending: T[] = [];
  return {
    push(line) {
      const complete = joinLines(joiner, [line]);
      const held = joiner.lines.length;
      // the joiner holds the line, or it was the end of what it gave back
      const events = held > 1 ? [] : complete.map(({ text }) => ({ text, lines: pending }));
      if (held === 0) {
        const last = events.at(-1);
        if (last) last.lines = events.length > 1 ? [line] : [...pending, line];
        pending = [];
      } else pending = held === 1 ? [line] : [...pending, line];
      return events;
    },
    flush(nowMs) {
      const [event] = flushLines(joiner, nowMs);
      if (!event) return [];
      const lines = pending;
      pending = [];
      return [{ text: event.text, lines }];
    },
  };
}
