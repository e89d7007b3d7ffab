import { parseLine } from "../logs/index.ts";
import type { LogRecord, RawLine } from "../ports/telemetry.ts";
import { createEventJoiner, type JoinedEvent } from "./event-joiner.ts";

/**
 * What the text of an event says, with what came beside its first line; null when there is nothing to say.
 * @param when `sent`: the time beside it counts · `written`: the time in the text counts where it has one
 */
export function recordOf(text: string, first: RawLine, when: "sent" | "written"): LogRecord | null {
  if (text.trim() === "") return null;
  const { service, environment, version, instance, atMs } = first;
  const event = parseLine(text, { receivedMs: atMs });
  return {
    ...{ service, environment, version, instance },
    atMs: when === "written" ? (event.atMs ?? atMs) : atMs,
    severity: first.severity || event.severity,
    body: event.body,
    attributes: { ...event.attributes, ...first.attributes },
    traceId: first.traceId ?? event.traceId,
    spanId: first.spanId ?? event.spanId,
  };
}

/**
 * Lines of one request as records. Neighbours of one stream that belong together are one record; a request is one
 * whole: what goes on in the next one is not waited for, because this one is to be acknowledged.
 */
export function recordsOf(lines: readonly RawLine[]): LogRecord[] {
  const records: LogRecord[] = [];
  let joiner = createEventJoiner<RawLine>();
  let last: RawLine | undefined;
  const keep = (events: readonly JoinedEvent<RawLine>[]) => {
    for (const { text, lines } of events) {
      const record = lines[0] ? recordOf(text, lines[0], "sent") : null;
      if (record) records.push(record);
    }
  };
  for (const line of lines) {
    if (last && !ofOneStream(last, line)) {
      keep(joiner.flush(Number.POSITIVE_INFINITY));
      joiner = createEventJoiner();
    }
    keep(joiner.push(line));
    last = line;
  }
  keep(joiner.flush(Number.POSITIVE_INFINITY));
  return records;
}

function ofOneStream(a: RawLine, b: RawLine): boolean {
  if (a.service !== b.service || a.instance !== b.instance || a.environment !== b.environment) return false;
  const names = Object.keys(a.attributes);
  return (
    a.version === b.version &&
    names.length === Object.keys(b.attributes).length &&
    names.every((name) => a.attributes[name] === b.attributes[name])
  );
}
