import { AppError } from "../../agent/kernel/errors.ts";
import type { Decoded, RawLine } from "../../agent/ports/telemetry.ts";
import { Batch } from "../http/body/batch.ts";
import { inside, type JsonObject, listAt, objectAt, parseJsonBody, textAt, under } from "../http/body/json.ts";
import { bytesField, ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";
import { decompressSnappy } from "../http/body/snappy.ts";
import { MOST_NAME, storableText } from "../http/body/text.ts";
import { parseLabels } from "./label-text.ts";
import { MOST_LINE, rawLine, type Stream, streamOf } from "./raw-line.ts";

const BROKEN_ENTRY = "an entry cannot be read: it must be [nanoseconds as text, line, labels]";
const NO_TIME = "an entry needs its time";

export interface DecodePushOptions {
  /** of the request; JSON when it says so, else protobuf in snappy */
  contentType: string | undefined;
  /** limit after snappy */
  maxBytes: number;
  /** lines beyond are rejected; 100,000 when not given */
  maxRecords?: number;
}

/**
 * Reads the body of Loki's `POST /loki/api/v1/push`: JSON, or logproto.PushRequest in a snappy block. Text longer than
 * 256 KiB, Loki's own limit, is cut.
 * @param body as sent, but for a Content-Encoding other than snappy
 * @throws INVALID, with the offset or the path, when the body as a whole cannot be read
 */
export function decodePush(body: Uint8Array, options: DecodePushOptions): Decoded<RawLine> {
  const batch = new Batch<RawLine>(options.maxRecords);
  const type = options.contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "application/json") readJson(parseJsonBody(body), batch);
  else if (type === "application/x-protobuf" || type === "")
    readProtobuf(new ProtobufReader(decompressSnappy(body, options.maxBytes)), batch);
  else
    throw new AppError("INVALID", "Push with Content-Type application/json or application/x-protobuf.", {
      details: { allowed: ["application/json", "application/x-protobuf"] },
    });
  return batch.decoded();
}

function readJson(body: JsonObject, batch: Batch<RawLine>): void {
  for (const [i, item] of listAt(body.streams, "streams").entries()) {
    const path = `streams[${i}]`;
    inside(path, () => {
      const { stream: labels, values } = objectAt(item, "");
      const stream = streamOf(textsOf(labels, "stream"));
      for (const [j, value] of listAt(values, "values").entries())
        try {
          if (batch.full()) batch.overflow();
          else readJsonEntry(value, stream, batch);
        } catch (error) {
          batch.broken(BROKEN_ENTRY, under(`${path}.values[${j}]`, error));
        }
    });
  }
}

function readJsonEntry(value: unknown, stream: Stream, batch: Batch<RawLine>): void {
  const [nanos, line, metadata] = listAt(value, "");
  const at = textAt(nanos, "[0]");
  const text = storableText(textAt(line, "[1]"), MOST_LINE);
  const atMs = /^\d{1,20}$/.test(at) ? Number(at.slice(0, -3)) / 1000 : 0;
  if (atMs === 0) batch.reject(NO_TIME, () => text);
  else batch.keep(rawLine(stream, atMs, text, textsOf(metadata, "[2]")));
}

/** An absent object has no texts. */
function* textsOf(value: unknown, path: string): Generator<[string, string]> {
  if (value === undefined || value === null) return;
  for (const [name, text] of Object.entries(objectAt(value, path))) yield [name, textAt(text, `${path}.${name}`)];
}

/** logproto.PushRequest: streams {labels, entries {timestamp, line, structuredMetadata {name, value}}} */
function readProtobuf(reader: ProtobufReader, batch: Batch<RawLine>): void {
  while (reader.more()) {
    const tag = reader.tag();
    if (tag !== bytesField(1)) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    readStream(reader, batch);
    reader.leave(outer);
  }
}

/** The labels may stand after the entries: they are looked for first. A stream without readable labels is rejected. */
function readStream(reader: ProtobufReader, batch: Batch<RawLine>): void {
  const start = reader.position;
  let text = "{}";
  let entries = 0;
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(2)) entries++;
    if (tag === bytesField(1)) text = reader.text(MOST_LABELS_TEXT);
    else reader.skip(tag);
  }
  const labels = parseLabels(text);
  if (typeof labels === "string") {
    batch.reject(`the labels of a stream cannot be read: ${labels}`, () => text, entries);
    return;
  }
  const stream = streamOf(labels);
  reader.rewind(start);
  while (reader.more()) {
    const tag = reader.tag();
    if (tag !== bytesField(2)) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    try {
      if (batch.full()) batch.overflow();
      else readEntry(reader, stream, batch);
    } catch (error) {
      batch.broken("an entry cannot be read", error);
    }
    reader.leave(outer);
  }
}

const MOST_LABELS_TEXT = 64 * 1024;

function readEntry(reader: ProtobufReader, stream: Stream, batch: Batch<RawLine>): void {
  let atMs = 0;
  let text = "";
  const metadata: [string, string][] = [];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(1)) atMs = readTimestamp(reader);
    else if (tag === bytesField(2)) text = reader.text(MOST_LINE);
    else if (tag === bytesField(3)) metadata.push(readPair(reader));
    else reader.skip(tag);
  }
  if (atMs <= 0) batch.reject(NO_TIME, () => text);
  else batch.keep(rawLine(stream, atMs, text, metadata));
}

/** google.protobuf.Timestamp as milliseconds, exact to the microsecond */
function readTimestamp(reader: ProtobufReader): number {
  const outer = reader.enter();
  let seconds = 0;
  let nanos = 0;
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === varintField(1)) seconds = reader.int64();
    else if (tag === varintField(2)) nanos = reader.int32();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return (seconds * 1_000_000 + Math.floor(nanos / 1000)) / 1000;
}

function readPair(reader: ProtobufReader): [string, string] {
  const outer = reader.enter();
  const pair: [string, string] = ["", ""];
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(1)) pair[0] = reader.name(MOST_NAME);
    else if (tag === bytesField(2)) pair[1] = reader.text(MOST_LINE);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return pair;
}
