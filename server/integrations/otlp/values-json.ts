import type { Attributes, AttributeValue } from "../../agent/ports/telemetry.ts";
import {
  AttributeCollector,
  attributeName,
  attributeNumber,
  MOST_ATTRIBUTES,
  MOST_DEPTH,
  MOST_VALUE,
} from "../http/body/attributes.ts";
import { type JsonObject, listAt, numberAt, objectAt, textAt, under } from "../http/body/json.ts";
import { storableText } from "../http/body/text.ts";

/** JSON Protobuf encoding: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */

/** A field under its name in lowerCamelCase, or as the .proto file has it, which proto3 JSON parsers take as well. */
export function pick(object: JsonObject, camel: string, snake: string): unknown {
  return object[camel] ?? object[snake];
}

/** An enum as its number, or by its name without the prefix all its names have. Unknown names give `otherwise`. */
export function enumAt(value: unknown, prefix: string, names: readonly string[], otherwise = 0): number {
  if (typeof value !== "string") return typeof value === "number" ? value : otherwise;
  const at = names.indexOf(value.startsWith(prefix) ? value.slice(prefix.length) : value);
  return at === -1 ? otherwise : at;
}

/** A trace or span id: hexadecimal, unlike other bytes in JSON of protobuf. Null when it is none, or all zero. */
export function hexIdAt(value: unknown, bytes: number): string | null {
  if (typeof value !== "string" || value.length !== bytes * 2 || !/^[0-9a-f]+$/i.test(value)) return null;
  return /[^0]/.test(value) ? value.toLowerCase() : null;
}

/** The attributes of an object, its field `attributes`. @throws INVALID naming the path in it */
export function attributesOf(object: JsonObject, start: Attributes = {}): Attributes {
  return collect(object.attributes, "attributes", 0, new AttributeCollector(start));
}

function collect(value: unknown, name: string, depth: number, into: AttributeCollector): Attributes {
  const list = listAt(value, name);
  for (let i = 0; i < list.length; i++) {
    if (into.full) {
      into.drop();
      continue;
    }
    try {
      const entry = objectAt(list[i], "");
      const any = entry.value;
      into.set(attributeName(textAt(entry.key, "key")), any === undefined ? null : anyValueAt(any, MOST_VALUE, depth));
    } catch (error) {
      throw under(`${name}[${i}]`, error);
    }
  }
  return into.finish();
}

/** An AnyValue; null when it holds nothing. @throws INVALID naming the path in it */
export function anyValueAt(value: unknown, maxLength: number, depth = 0): AttributeValue {
  if (value === undefined || value === null) return null;
  const any = objectAt(value, "value");
  const text = pick(any, "stringValue", "string_value");
  if (text !== undefined) return storableText(textAt(text, "stringValue"), maxLength);
  const truth = pick(any, "boolValue", "bool_value");
  if (truth !== undefined) return truth === true || truth === "true";
  const whole = pick(any, "intValue", "int_value");
  if (whole !== undefined) return integerAt(whole);
  const double = pick(any, "doubleValue", "double_value");
  if (double !== undefined) return attributeNumber(numberAt(double, "doubleValue"));
  const bytes = pick(any, "bytesValue", "bytes_value");
  if (bytes !== undefined) return base64At(bytes);
  return nestedAt(any, maxLength, depth + 1);
}

function nestedAt(any: JsonObject, maxLength: number, depth: number): AttributeValue {
  const list = pick(any, "arrayValue", "array_value");
  const map = pick(any, "kvlistValue", "kvlist_value");
  if (list === undefined && map === undefined) return null;
  if (depth > MOST_DEPTH) return "…";
  if (map !== undefined)
    return collect(objectAt(map, "kvlistValue").values, "kvlistValue.values", depth, new AttributeCollector());
  return listAt(objectAt(list, "arrayValue").values, "arrayValue.values")
    .slice(0, MOST_ATTRIBUTES)
    .map((item) => anyValueAt(item, maxLength, depth));
}

function integerAt(value: unknown): number | string {
  const number = numberAt(value, "intValue");
  return Number.isSafeInteger(number) || typeof value !== "string" ? attributeNumber(number) : value.slice(0, 32);
}

/** base64 of bytes cut as the protobuf reader cuts them */
function base64At(value: unknown): string {
  return Buffer.from(textAt(value, "bytesValue"), "base64").subarray(0, MOST_VALUE).toString("base64");
}
