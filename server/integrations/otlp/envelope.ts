import { shownName } from "../../agent/kernel/allowed-names.ts";
import { AppError } from "../../agent/kernel/errors.ts";
import type { Attributes } from "../../agent/ports/telemetry.ts";
import { attributeName } from "../http/body/attributes.ts";
import type { Batch } from "../http/body/batch.ts";
import { inside, type JsonObject, listAt, objectAt, parseJsonBody, textAt, under } from "../http/body/json.ts";
import { bytesField, ProtobufReader } from "../http/body/protobuf-reader.ts";
import { MOST_NAME } from "../http/body/text.ts";
import { type Scope, type Source, sourceOf, withScope } from "./source.ts";
import { attributesOf, pick } from "./values-json.ts";
import { readAttributesOf } from "./values-protobuf.ts";

/**
 * What the requests of all three signals share: records in scopes in resources, with the same field numbers. Fields
 * come in any order, so each message is looked through twice: for who sent it, then for what.
 */

export type OtlpEncoding = "protobuf" | "json";

/** The encoding a Content-Type names. @throws INVALID for one that OTLP/HTTP does not know */
export function otlpEncoding(contentType: string | undefined): OtlpEncoding {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/x-protobuf" || type === "application/protobuf") return "protobuf";
  if (type === "application/json") return "json";
  throw new AppError("INVALID", "Send OTLP with Content-Type application/x-protobuf or application/json.", {
    details: { allowed: ["application/x-protobuf", "application/json"] },
  });
}

/** How the records of one signal are read; both readers throw INVALID for a record that cannot be. */
export interface Signal {
  /** of the fields in JSON: resource…, scope… and the records, in lowerCamelCase and as the .proto files have them */
  fields: { resources: [string, string]; scopes: [string, string]; records: [string, string] };
  /** what the tally says of a record that cannot be read */
  brokenRecord: string;
  /** the reader stands at the begin of a record, and cannot go over its end */
  fromProtobuf(reader: ProtobufReader, source: Source): void;
  fromJson(record: JsonObject, source: Source): void;
}

/** Hands every record of the body to the signal. @throws INVALID when the body around the records cannot be read */
export function readRecords<T>(body: Uint8Array, encoding: OtlpEncoding, signal: Signal, batch: Batch<T>): void {
  if (encoding === "json") readJson(parseJsonBody(body), signal, batch);
  else readProtobuf(new ProtobufReader(body), signal, batch);
}

/** `resource` of a Resource…, `scope` of a Scope…; the lists of both; `name` of a scope; `attributes` of a resource */
const FIRST = bytesField(1);
const LIST = bytesField(2);

/** Calls `visit` with the reader before each field that has this tag. */
function eachField(reader: ProtobufReader, wanted: number, visit: () => void): void {
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === wanted) visit();
    else reader.skip(tag);
  }
}

function within(reader: ProtobufReader, visit: () => void): void {
  const outer = reader.enter();
  visit();
  reader.leave(outer);
}

/** InstrumentationScope {name, version, attributes} */
function readScopeNames(reader: ProtobufReader, scope: Scope): void {
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(1)) scope.name = reader.name(MOST_NAME);
    else if (tag === bytesField(2)) scope.version = reader.name(MOST_NAME);
    else reader.skip(tag);
  }
}

function readProtobuf<T>(reader: ProtobufReader, signal: Signal, batch: Batch<T>): void {
  const readRecord = (source: Source) => {
    const outer = reader.enter();
    try {
      signal.fromProtobuf(reader, source);
    } catch (error) {
      batch.broken(signal.brokenRecord, error);
    }
    reader.leave(outer);
  };
  const readScope = (source: Source) => {
    const start = reader.position;
    const scope: Scope = { name: "", version: "", attributes: {} };
    eachField(reader, FIRST, () => {
      const from = reader.position;
      within(reader, () => readScopeNames(reader, scope));
      const to = reader.position;
      reader.rewind(from);
      scope.attributes = readAttributesOf(reader, 3);
      reader.rewind(to);
    });
    reader.rewind(start);
    const from = withScope(source, scope);
    eachField(reader, LIST, () => readRecord(from));
  };
  const readResource = () => {
    const start = reader.position;
    let resource: Attributes = {};
    eachField(reader, FIRST, () => {
      resource = readAttributesOf(reader, 1);
    });
    reader.rewind(start);
    const source = sourceOf(resource);
    eachField(reader, LIST, () => within(reader, () => readScope(source)));
  };
  eachField(reader, FIRST, () => within(reader, readResource));
}

function readJson<T>(body: JsonObject, signal: Signal, batch: Batch<T>): void {
  const { resources, scopes, records } = signal.fields;
  const readRecord = (record: unknown, path: () => string, source: Source) => {
    try {
      signal.fromJson(objectAt(record, ""), source);
    } catch (error) {
      batch.broken(signal.brokenRecord, under(path(), error));
    }
  };
  const readScope = (scope: JsonObject, path: string, source: Source) => {
    const named = scope.scope === undefined ? {} : objectAt(scope.scope, "scope");
    const from = withScope(source, {
      name: attributeName(textAt(named.name, "scope.name")),
      version: attributeName(textAt(named.version, "scope.version")),
      attributes: inside("scope", () => attributesOf(named)),
    });
    tellMissing(scope, records, path, batch);
    const list = listAt(pick(scope, ...records), records[0]);
    for (let i = 0; i < list.length; i++) readRecord(list[i], () => `${path}.${records[0]}[${i}]`, from);
  };
  tellMissing(body, resources, "", batch);
  eachObject(pick(body, ...resources), resources[0], (resource, path) => {
    tellMissing(resource, scopes, path, batch);
    const said = resource.resource === undefined ? {} : objectAt(resource.resource, "resource");
    const source = sourceOf(inside("resource", () => attributesOf(said)));
    eachObject(pick(resource, ...scopes), scopes[0], (scope, at) => readScope(scope, `${path}.${at}`, source));
  });
}

/** What a request holds beside its list, at any level. */
const BESIDE_LIST = new Set(["resource", "scope", "schemaUrl", "schema_url"]);

/**
 * Unknown fields are left out, as OTLP has it; where one stands in the place of the list, whoever sent it is told, as
 * otherwise a list under a misspelt name would be taken for an empty one.
 */
function tellMissing<T>(object: JsonObject, names: [string, string], path: string, batch: Batch<T>): void {
  if (names.some((name) => Object.hasOwn(object, name))) return;
  const unknown = Object.keys(object).filter((key) => !BESIDE_LIST.has(key));
  const [first] = unknown;
  if (first === undefined) return;
  const reason = `there is no ${names[0]}, and nothing else in its place is read`;
  batch.reject(reason, () => `found ${shownName(path === "" ? first : `${path}.${first}`)}`);
}

function eachObject(value: unknown, name: string, visit: (object: JsonObject, path: string) => void): void {
  for (const [i, item] of listAt(value, name).entries()) {
    const path = `${name}[${i}]`;
    inside(path, () => visit(objectAt(item, ""), path));
  }
}
