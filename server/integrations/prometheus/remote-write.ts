import { AppError } from "../../agent/kernel/errors.ts";
import type { Decoded, MetricMeaning, SeriesSamples } from "../../agent/ports/telemetry.ts";
import { Batch } from "../http/body/batch.ts";
import { describeSeries, LabelCollector } from "../http/body/labels.ts";
import { bytesField, fixed64Field, ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";
import { decompressSnappy } from "../http/body/snappy.ts";
import { MOST_HELP, MOST_NAME } from "../http/body/text.ts";
import { type NativeHistogram, readNativeHistogram } from "./native-histogram.ts";
import { createKinds, FAMILY_TYPES, type Families, type Family, type Kind, seriesNamesOf } from "./series-kind.ts";

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
 * Reads a prometheus.WriteRequest of remote write 1.0 in its snappy block. Without the label `service`
 * the service is `job`, which stays. NaN, which also marks the end of a series, is passed over.
 * Source: https://prometheus.io/docs/specs/prw/remote_write_spec/
 * @throws INVALID, with the offset, when the body as a whole cannot be read, and for remote write 2.0
 */
export function decodeWriteRequest(body: Uint8Array, options: DecodeWriteOptions): Decoded<SeriesSamples> {
  refuseOthers(options.contentType);
  const reader = new ProtobufReader(decompressSnappy(body, options.maxBytes));
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

function refuseOthers(contentType: string | undefined): void {
  const [type, ...parameters] = (contentType ?? "application/x-protobuf").toLowerCase().split(";");
  const proto = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("proto="));
  const known = proto === undefined || proto === "proto=prometheus.writerequest";
  if (type?.trim() === "application/x-protobuf" && known) return;
  throw new AppError(
    "INVALID",
    "Only remote write 1.0 is taken: set `protobuf_message: prometheus.WriteRequest` in the sender's remote_write.",
    { details: { allowed: ["application/x-protobuf", "application/x-protobuf;proto=prometheus.WriteRequest"] } },
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
  const read: ReadSeries = { labels: new Map(), timesMs: [], values: [], infinite: 0, histograms: [] };
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(1)) readLabel(reader, read.labels);
    else if (tag === bytesField(2)) readSample(reader, read);
    else if (tag === bytesField(4)) read.histograms.push(readNativeHistogram(reader));
    else reader.skip(tag);
  }
  const name = read.labels.get("__name__") ?? "";
  const collector = labelsOf(read.labels);
  const reject = (reason: string, count: number) => {
    if (count > 0) batch.reject(reason, () => describeSeries(name, collector.labels), count);
  };
  reject("a value is infinite", read.infinite);
  const samples = read.timesMs.length + read.histograms.length;
  if (samples === 0) return;
  const problem = collector.problem ?? (name === "" ? "a series needs the label __name__" : null);
  if (problem !== null) reject(problem, samples);
  else if (read.histograms.length > 0) keepHistograms(name, collector.labels, read.histograms, batch, reject);
  else
    batch.keep(
      { name, labels: collector.labels, ...kindOf(name), timesMs: read.timesMs, values: read.values },
      samples,
    );
}

/** Each as the series of a histogram with explicit buckets. */
function keepHistograms(
  name: string,
  labels: Record<string, string>,
  histograms: readonly NativeHistogram[],
  batch: Batch<SeriesSamples>,
  reject: (reason: string, count: number) => void,
): void {
  for (const { timeMs, count, sum, buckets } of histograms) {
    if (Number.isNaN(sum)) continue; // the mark that the series ended
    if (buckets === null) {
      reject("a native histogram whose buckets are not exponential: only schemas of -4 to 8 are read", 1);
      continue;
    }
    if (batch.full(buckets.length + 3)) {
      batch.overflow();
      continue;
    }
    const keep = (suffix: string, value: number, more: Record<string, string> = {}): void =>
      batch.keep({
        ...{ name: name + suffix, labels: { ...labels, ...more }, kind: "counter", unit: "" },
        ...{ timesMs: [timeMs], values: [value] },
      });
    for (const { le, count: upTo } of buckets) keep("_bucket", upTo, { le: String(le) });
    keep("_bucket", count, { le: "+Inf" });
    keep("_count", count);
    if (Number.isFinite(sum)) keep("_sum", sum);
  }
}

interface ReadSeries {
  labels: Map<string, string>;
  timesMs: number[];
  values: number[];
  infinite: number;
  histograms: NativeHistogram[];
}

function labelsOf(labels: ReadonlyMap<string, string>): LabelCollector {
  const collector = new LabelCollector();
  for (const [name, value] of labels) {
    if (name === "__name__") {
      if (value.length > MOST_NAME) collector.problem ??= `a metric's name is longer than ${MOST_NAME} characters`;
    } else collector.add(name, value);
  }
  if (!labels.get("service")) collector.add("service", labels.get("job") ?? "");
  return collector;
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

/** Sample {value, timestamp}; NaN says that there is no value, or that the series ended */
function readSample(reader: ProtobufReader, read: ReadSeries): void {
  const outer = reader.enter();
  let value = 0;
  let timeMs = 0;
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === fixed64Field(1)) value = reader.double();
    else if (tag === varintField(2)) timeMs = reader.int64();
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (Number.isFinite(value)) {
    read.timesMs.push(timeMs);
    read.values.push(value);
  } else if (!Number.isNaN(value)) read.infinite++;
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
