import { AppError } from "../../agent/kernel/errors.ts";
import type { MetricMeaning, SeriesSamples } from "../../agent/ports/telemetry.ts";
import { Batch } from "../http/body/batch.ts";
import { bytesField, ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";
import { decompressSnappy } from "../http/body/snappy.ts";
import { MOST_HELP, MOST_NAME } from "../http/body/text.ts";
import { readNativeHistogram } from "./native-histogram.ts";
import { type DecodedWrite, decodeRequest2 } from "./remote-write-2.ts";
import { createKinds, FAMILY_TYPES, type Families, type Family, type Kind, seriesNamesOf } from "./series-kind.ts";
import { keepSeries, newSeries, readSample } from "./write-series.ts";

const BROKEN_SERIES = "a series cannot be read";
/** more than any label may have, so that one that is too long is seen */
const MOST_TEXT = 4096;

export interface DecodeWriteOptions {
  contentType: string | undefined;
  /** limit after snappy */
  maxBytes: number;
  /** samples beyond are rejected; 100,000 when not given */
  maxRecords?: number;
}

/**
 * Reads a prometheus.WriteRequest of remote write 1.0, or a Request of 2.0, in its snappy block. NaN, which also marks the end of a series, is passed over.
 * Source: https://prometheus.io/docs/specs/prw/remote_write_spec/
 * @throws INVALID, with the offset, when the body as a whole cannot be read, and for another content type
 */
export function decodeWriteRequest(body: Uint8Array, options: DecodeWriteOptions): DecodedWrite {
  const version = versionOf(options.contentType);
  const reader = new ProtobufReader(decompressSnappy(body, options.maxBytes));
  if (version === 2) return decodeRequest2(reader, options);
  const batch = new Batch<SeriesSamples>(options.maxRecords);
  const families = readFamilies(reader);
  const kindOf = createKinds(families);
  reader.rewind(0);
  while (reader.more()) {
    const tag = reader.tag();
    if (tag !== bytesField(1)) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    try {
      if (batch.full()) batch.overflow(Math.max(1, countSamples(reader)));
      else readSeries(reader, kindOf, batch);
    } catch (error) {
      batch.broken(BROKEN_SERIES, error);
    }
    reader.leave(outer);
  }
  const decoded = batch.decoded();
  return families.size > 0 ? { ...decoded, meanings: meaningsOf(families) } : decoded;
}

/**
 * Prometheus says once a minute, in requests without any series, what all its metrics mean; other senders say it beside
 * the series. Either way it may correct what earlier series were taken for.
 */
const meaningsOf = (families: Families): MetricMeaning[] =>
  [...families].flatMap(([family, { type, help }]) => {
    if (type === "unknown") return help === "" ? [] : [{ name: family, help }];
    const kindOf = createKinds(families);
    return seriesNamesOf(family, type).map((name) => ({ name, help, kind: kindOf(name).kind }));
  });

function versionOf(contentType: string | undefined): 1 | 2 {
  const [type, ...parameters] = (contentType ?? "application/x-protobuf").toLowerCase().split(";");
  const proto = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("proto="));
  if (type?.trim() === "application/x-protobuf") {
    if (proto === undefined || proto === "proto=prometheus.writerequest") return 1;
    if (proto === "proto=io.prometheus.write.v2.request") return 2;
  }
  throw new AppError(
    "INVALID",
    "Only remote write 1.0 and 2.0 are taken: set `protobuf_message: prometheus.WriteRequest` or `io.prometheus.write.v2.Request` in the sender's remote_write.",
    {
      details: {
        allowed: [
          "application/x-protobuf",
          "application/x-protobuf;proto=prometheus.WriteRequest",
          "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        ],
      },
    },
  );
}

/** MetricMetadata {type, metric_family_name, help, unit}; it may stand after the series it is about */
function readFamilies(reader: ProtobufReader): Map<string, Family> {
  const families = new Map<string, Family>();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag !== bytesField(3)) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    let name = "";
    let type = 0;
    let unit = "";
    let help = "";
    while (reader.more()) {
      const field = reader.tag();
      if (field === varintField(1)) type = reader.int32();
      else if (field === bytesField(2)) name = reader.name(MOST_NAME);
      else if (field === bytesField(4)) help = reader.text(MOST_HELP);
      else if (field === bytesField(5)) unit = reader.name(MOST_UNIT);
      else reader.skip(field);
    }
    reader.leave(outer);
    if (families.size < MOST_FAMILIES) families.set(name, { type: FAMILY_TYPES[type] ?? "unknown", unit, help });
  }
  return families;
}

const MOST_UNIT = 63;
const MOST_FAMILIES = 20_000;

/** TimeSeries {labels, samples, exemplars, histograms}; the labels may stand after the samples */
function readSeries(reader: ProtobufReader, kindOf: (name: string) => Kind, batch: Batch<SeriesSamples>): void {
  const read = newSeries();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(1)) readLabel(reader, read.labels);
    else if (tag === bytesField(2)) readSample(reader, read);
    else if (tag === bytesField(4)) read.histograms.push(readNativeHistogram(reader));
    else reader.skip(tag);
  }
  keepSeries(read, kindOf, batch);
}

function readLabel(reader: ProtobufReader, labels: Map<string, string>): void {
  const outer = reader.enter();
  let name = "";
  let value = "";
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(1)) name = reader.name(MOST_TEXT);
    else if (tag === bytesField(2)) value = reader.name(MOST_TEXT);
    else reader.skip(tag);
  }
  reader.leave(outer);
  labels.set(name, value);
}

function countSamples(reader: ProtobufReader): number {
  let samples = 0;
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(2)) samples++;
    reader.skip(tag);
  }
  return samples;
}
