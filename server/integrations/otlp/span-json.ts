import type { SpanEvent, SpanLink } from "../../agent/ports/telemetry.ts";
import { attributeName } from "../http/body/attributes.ts";
import { inside, type JsonObject, listAt, nanosAsMsAt, objectAt, textAt } from "../http/body/json.ts";
import { storableText } from "../http/body/text.ts";
import type { Source } from "./source.ts";
import { attributesOf, enumAt, hexIdAt, pick } from "./values-json.ts";
import { MOST_EVENTS, MOST_LINKS, MOST_STATUS_MESSAGE, type WireSpan } from "./wire-span.ts";

const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const CODES = ["UNSET", "OK", "ERROR"];

/** @throws INVALID naming the path in the span */
export function spanFromJson(record: JsonObject, source: Source): WireSpan {
  const events = listAt(record.events, "events");
  const links = listAt(record.links, "links");
  const kept = links.slice(0, MOST_LINKS).flatMap(linkAt);
  const status = record.status === undefined || record.status === null ? {} : objectAt(record.status, "status");
  return {
    traceId: hexIdAt(pick(record, "traceId", "trace_id"), 16),
    spanId: hexIdAt(pick(record, "spanId", "span_id"), 8),
    parentSpanId: hexIdAt(pick(record, "parentSpanId", "parent_span_id"), 8),
    name: attributeName(textAt(record.name, "name")),
    kind: enumAt(record.kind, "SPAN_KIND_", KINDS),
    startMs: nanosAsMsAt(pick(record, "startTimeUnixNano", "start_time_unix_nano"), "startTimeUnixNano"),
    endMs: nanosAsMsAt(pick(record, "endTimeUnixNano", "end_time_unix_nano"), "endTimeUnixNano"),
    attributes: attributesOf(record, source.attributes),
    events: events.slice(0, MOST_EVENTS).map(eventAt),
    droppedEvents: Math.max(0, events.length - MOST_EVENTS),
    links: kept,
    droppedLinks: links.length - kept.length,
    statusCode: enumAt(status.code, "STATUS_CODE_", CODES),
    statusMessage: storableText(textAt(status.message, "status.message"), MOST_STATUS_MESSAGE),
  };
}

const eventAt = (item: unknown, i: number): SpanEvent =>
  inside(`events[${i}]`, () => {
    const event = objectAt(item, "");
    return {
      atMs: nanosAsMsAt(pick(event, "timeUnixNano", "time_unix_nano"), "timeUnixNano"),
      name: attributeName(textAt(event.name, "name")),
      attributes: attributesOf(event),
    };
  });

/** None where it does not say to which span. */
const linkAt = (item: unknown, i: number): SpanLink[] =>
  inside(`links[${i}]`, () => {
    const link = objectAt(item, "");
    const traceId = hexIdAt(pick(link, "traceId", "trace_id"), 16);
    const spanId = hexIdAt(pick(link, "spanId", "span_id"), 8);
    return traceId === null || spanId === null ? [] : [{ traceId, spanId, attributes: attributesOf(link) }];
  });
