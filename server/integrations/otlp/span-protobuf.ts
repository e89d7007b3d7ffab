import type { SpanEvent } from "../../agent/ports/telemetry.ts";
import { AttributeCollector } from "../http/body/attributes.ts";
import { bytesField, fixed64Field, type ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";
import { MOST_NAME } from "../http/body/text.ts";
import type { Source } from "./source.ts";
import { readAttribute } from "./values-protobuf.ts";
import { MOST_EVENTS, MOST_LINKS, MOST_STATUS_MESSAGE, type WireSpan } from "./wire-span.ts";

/** Reads the Span the reader stands in. @throws INVALID */
export function spanFromProtobuf(reader: ProtobufReader, source: Source): WireSpan {
  const attributes = new AttributeCollector(source.attributes);
  const span = emptySpan(attributes);
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case bytesField(1):
        span.traceId = reader.hexId(16);
        break;
      case bytesField(2):
        span.spanId = reader.hexId(8);
        break;
      case bytesField(4):
        span.parentSpanId = reader.hexId(8);
        break;
      case bytesField(5):
        span.name = reader.name(MOST_NAME);
        break;
      case varintField(6):
        span.kind = reader.int32();
        break;
      case fixed64Field(7):
        span.startMs = reader.nanosAsMs();
        break;
      case fixed64Field(8):
        span.endMs = reader.nanosAsMs();
        break;
      case bytesField(9):
        readAttribute(reader, attributes);
        break;
      case bytesField(11):
        readEvent(reader, tag, span);
        break;
      case bytesField(13):
        readLink(reader, tag, span);
        break;
      case bytesField(15):
        readStatus(reader, span);
        break;
      default:
        reader.skip(tag);
    }
  }
  attributes.finish();
  return span;
}

const emptySpan = (attributes: AttributeCollector): WireSpan => ({
  traceId: null,
  spanId: null,
  parentSpanId: null,
  name: "",
  kind: 0,
  startMs: 0,
  endMs: 0,
  attributes: attributes.values,
  events: [],
  droppedEvents: 0,
  links: [],
  droppedLinks: 0,
  statusCode: 0,
  statusMessage: "",
});

function readEvent(reader: ProtobufReader, tag: number, span: WireSpan): void {
  if (span.events.length >= MOST_EVENTS) {
    span.droppedEvents++;
    reader.skip(tag);
    return;
  }
  const outer = reader.enter();
  const attributes = new AttributeCollector();
  const event: SpanEvent = { atMs: 0, name: "", attributes: attributes.values };
  while (reader.more()) {
    const field = reader.tag();
    if (field === fixed64Field(1)) event.atMs = reader.nanosAsMs();
    else if (field === bytesField(2)) event.name = reader.name(MOST_NAME);
    else if (field === bytesField(3)) readAttribute(reader, attributes);
    else reader.skip(field);
  }
  attributes.finish();
  reader.leave(outer);
  span.events.push(event);
}

/** Passed over where it does not say to which span. */
function readLink(reader: ProtobufReader, tag: number, span: WireSpan): void {
  if (span.links.length >= MOST_LINKS) {
    span.droppedLinks++;
    reader.skip(tag);
    return;
  }
  const outer = reader.enter();
  const attributes = new AttributeCollector();
  let traceId: string | null = null;
  let spanId: string | null = null;
  while (reader.more()) {
    const field = reader.tag();
    if (field === bytesField(1)) traceId = reader.hexId(16);
    else if (field === bytesField(2)) spanId = reader.hexId(8);
    else if (field === bytesField(4)) readAttribute(reader, attributes);
    else reader.skip(field);
  }
  reader.leave(outer);
  if (traceId === null || spanId === null) span.droppedLinks++;
  else span.links.push({ traceId, spanId, attributes: attributes.finish() });
}

function readStatus(reader: ProtobufReader, span: WireSpan): void {
  const outer = reader.enter();
  while (reader.more()) {
    const field = reader.tag();
    if (field === bytesField(2)) span.statusMessage = reader.text(MOST_STATUS_MESSAGE);
    else if (field === varintField(3)) span.statusCode = reader.int32();
    else reader.skip(field);
  }
  reader.leave(outer);
}
