import type { Decoded, SeriesSamples } from "../../agent/ports/telemetry.ts";
import { Batch } from "../http/body/batch.ts";
import { type JsonObject, listAt, objectAt, textAt, under } from "../http/body/json.ts";
import { bytesField, type ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";
import { MOST_HELP } from "../http/body/text.ts";
import { type OtlpEncoding, readRecords, type Signal } from "./envelope.ts";
import { keepPoint, seriesFamily } from "./metric-series.ts";
import { pointFromJson } from "./points-json.ts";
import { pointFromProtobuf } from "./points-protobuf.ts";
import type { Source } from "./source.ts";
import { enumAt, pick } from "./values-json.ts";
import type { MetricType, WireMetric } from "./wire-metric.ts";

const BROKEN_POINT = "a data point cannot be read";
const MOST_RAW_NAME = 512;

export interface DecodeMetricsOptions {
  encoding: OtlpEncoding;
  /** samples beyond are rejected; 100,000 when not given */
  maxRecords?: number;
}

/**
 * Reads an ExportMetricsServiceRequest of OTLP 1 into series as Prometheus names them: cumulative monotonic sums are
 * counters, deltas stay deltas, other sums are gauges, a histogram is `x_bucket{le}`, `x_sum` and `x_count`, an
 * exponential one the same with at most 24 buckets, a summary `x{quantile}`, `x_sum` and `x_count`. A point is one
 * sample of each of its series; what is rejected is counted in points, which may be several series each.
 * @param body uncompressed
 * @throws INVALID, with the offset or the path, when the body as a whole cannot be read
 */
export function decodeMetrics(body: Uint8Array, options: DecodeMetricsOptions): Decoded<SeriesSamples> {
  const batch = new Batch<SeriesSamples>(options.maxRecords);
  const signal: Signal = {
    fields: {
      resources: ["resourceMetrics", "resource_metrics"],
      scopes: ["scopeMetrics", "scope_metrics"],
      records: ["metrics", "metrics"],
    },
    brokenRecord: "a metric cannot be read",
    fromProtobuf: (reader, source) => readMetric(reader, source, batch),
    fromJson: (record, source) => readJsonMetric(record, source, batch),
  };
  readRecords(body, options.encoding, signal, batch);
  return batch.decoded();
}

const DATA: readonly { type: MetricType; field: number; names: [string, string] }[] = [
  { type: "gauge", field: 5, names: ["gauge", "gauge"] },
  { type: "sum", field: 7, names: ["sum", "sum"] },
  { type: "histogram", field: 9, names: ["histogram", "histogram"] },
  { type: "exponential-histogram", field: 10, names: ["exponentialHistogram", "exponential_histogram"] },
  { type: "summary", field: 11, names: ["summary", "summary"] },
];
const TYPE_OF_TAG = new Map(DATA.map(({ type, field }) => [bytesField(field), type]));

/** The name may stand after the data, and the temporality after the points: both are looked for first. */
function readMetric(reader: ProtobufReader, source: Source, batch: Batch<SeriesSamples>): void {
  const metric: WireMetric = { name: "", description: "", unit: "", type: "gauge", temporality: 0, monotonic: false };
  const start = reader.position;
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === bytesField(1)) metric.name = reader.name(MOST_RAW_NAME);
    else if (tag === bytesField(2)) metric.description = reader.text(MOST_HELP);
    else if (tag === bytesField(3)) metric.unit = reader.name(MOST_RAW_NAME);
    else reader.skip(tag);
  }
  reader.rewind(start);
  while (reader.more()) {
    const tag = reader.tag();
    const type = TYPE_OF_TAG.get(tag);
    if (type) readData(reader, { ...metric, type }, source, batch);
    else reader.skip(tag);
  }
}

function readData(reader: ProtobufReader, metric: WireMetric, source: Source, batch: Batch<SeriesSamples>): void {
  const outer = reader.enter();
  const start = reader.position;
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === varintField(2)) metric.temporality = reader.int32();
    else if (tag === varintField(3)) metric.monotonic = reader.bool();
    else reader.skip(tag);
  }
  reader.rewind(start);
  const family = seriesFamily(metric, source);
  while (reader.more()) {
    const tag = reader.tag();
    if (tag !== bytesField(1)) {
      reader.skip(tag);
      continue;
    }
    const inData = reader.enter();
    try {
      if (batch.full()) batch.overflow();
      else keepPoint(family, pointFromProtobuf(reader, metric.type), batch);
    } catch (error) {
      batch.broken(BROKEN_POINT, error);
    }
    reader.leave(inData);
  }
  reader.leave(outer);
}

const TEMPORALITIES = ["UNSPECIFIED", "DELTA", "CUMULATIVE"];

function readJsonMetric(record: JsonObject, source: Source, batch: Batch<SeriesSamples>): void {
  const [name, unit] = [textAt(record.name, "name"), textAt(record.unit, "unit")];
  const description = textAt(record.description, "description");
  for (const { type, names } of DATA) {
    const value = pick(record, ...names);
    if (value === undefined || value === null) continue;
    const data = objectAt(value, names[0]);
    const family = seriesFamily(
      {
        name: name.slice(0, MOST_RAW_NAME),
        description,
        unit: unit.slice(0, MOST_RAW_NAME),
        type,
        temporality: enumAt(
          pick(data, "aggregationTemporality", "aggregation_temporality"),
          "AGGREGATION_TEMPORALITY_",
          TEMPORALITIES,
        ),
        monotonic: pick(data, "isMonotonic", "is_monotonic") === true,
      },
      source,
    );
    const points = listAt(pick(data, "dataPoints", "data_points"), `${names[0]}.dataPoints`);
    for (const [i, point] of points.entries())
      try {
        if (batch.full()) batch.overflow();
        else keepPoint(family, pointFromJson(objectAt(point, ""), type), batch);
      } catch (error) {
        batch.broken(BROKEN_POINT, under(`${names[0]}.dataPoints[${i}]`, error));
      }
  }
}
