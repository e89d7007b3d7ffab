import type { Attributes, AttributeValue } from "../../agent/ports/telemetry.ts";
import {
  AttributeCollector,
  attributeNumber,
  MOST_ATTRIBUTES,
  MOST_DEPTH,
  MOST_VALUE,
} from "../http/body/attributes.ts";
import { bytesField, fixed64Field, type ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";
import { MOST_NAME } from "../http/body/text.ts";

/** opentelemetry/proto/common/v1/common.proto: KeyValue, AnyValue, ArrayValue, KeyValueList. */

const KEY = bytesField(1);
const VALUE = bytesField(2);

/** Reads the KeyValue that stands next into `into`. @throws INVALID */
export function readAttribute(reader: ProtobufReader, into: AttributeCollector, depth = 0): void {
  const outer = reader.enter();
  let key = "";
  let value: AttributeValue = null;
  if (into.full) into.drop();
  else
    while (reader.more()) {
      const tag = reader.tag();
      if (tag === KEY) key = reader.name(MOST_NAME);
      else if (tag === VALUE) value = readAnyValue(reader, MOST_VALUE, depth);
      else reader.skip(tag);
    }
  reader.leave(outer);
  if (key !== "") into.set(key, value);
}

/** Reads the AnyValue that stands next; null when it holds nothing. @throws INVALID */
export function readAnyValue(reader: ProtobufReader, maxLength: number, depth = 0): AttributeValue {
  const outer = reader.enter();
  let value: AttributeValue = null;
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case bytesField(1):
        value = reader.text(maxLength);
        break;
      case varintField(2):
        value = reader.bool();
        break;
      case varintField(3):
        value = reader.exactInt64();
        break;
      case fixed64Field(4):
        value = attributeNumber(reader.double());
        break;
      case bytesField(5):
        value = readList(reader, maxLength, depth + 1);
        break;
      case bytesField(6):
        value = readMap(reader, depth + 1);
        break;
      case bytesField(7):
        value = reader.base64(MOST_VALUE);
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return value;
}

function readList(reader: ProtobufReader, maxLength: number, depth: number): AttributeValue {
  const outer = reader.enter();
  const list: AttributeValue[] = [];
  while (reader.more() && depth <= MOST_DEPTH && list.length < MOST_ATTRIBUTES) {
    const tag = reader.tag();
    if (tag === bytesField(1)) list.push(readAnyValue(reader, maxLength, depth));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return depth > MOST_DEPTH ? "…" : list;
}

function readMap(reader: ProtobufReader, depth: number): AttributeValue {
  const outer = reader.enter();
  const map = new AttributeCollector();
  while (reader.more() && depth <= MOST_DEPTH) {
    const tag = reader.tag();
    if (tag === bytesField(1)) readAttribute(reader, map, depth);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return depth > MOST_DEPTH ? "…" : map.finish();
}

/** The attributes of the message that stands next (a Resource, an InstrumentationScope), which are its field `field`. */
export function readAttributesOf(reader: ProtobufReader, field: number): Attributes {
  const outer = reader.enter();
  const attributes = new AttributeCollector();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(field)) readAttribute(reader, attributes);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return attributes.finish();
}
