import { AttributeCollector } from "../http/body/attributes.ts";
import { bytesField, fixed64Field, type ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";
import { readAttribute } from "./values-protobuf.ts";
import {
  type ExponentialBuckets,
  emptyExponentialPoint,
  emptyHistogramPoint,
  emptyNumberPoint,
  emptySummaryPoint,
  type MetricType,
  type WirePoint,
} from "./wire-metric.ts";

/** Reads the data point the reader stands in, of a metric of this type. @throws INVALID */
export function pointFromProtobuf(reader: ProtobufReader, type: MetricType): WirePoint {
  switch (type) {
    case "gauge":
    case "sum":
      return numberPoint(reader);
    case "histogram":
      return histogramPoint(reader);
    case "exponential-histogram":
      return exponentialPoint(reader);
    case "summary":
      return summaryPoint(reader);
  }
}

function numberPoint(reader: ProtobufReader): WirePoint {
  const point = emptyNumberPoint();
  const attributes = new AttributeCollector();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === fixed64Field(2)) point.startMs = reader.nanosAsMs();
    else if (tag === fixed64Field(3)) point.timeMs = reader.nanosAsMs();
    else if (tag === fixed64Field(4)) point.value = reader.double();
    else if (tag === fixed64Field(6)) point.value = reader.sfixed64();
    else if (tag === bytesField(7)) readAttribute(reader, attributes);
    else if (tag === varintField(8)) point.flags = reader.int32();
    else reader.skip(tag);
  }
  point.attributes = attributes.values;
  return point;
}

function histogramPoint(reader: ProtobufReader): WirePoint {
  const point = emptyHistogramPoint();
  const attributes = new AttributeCollector();
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case fixed64Field(2):
        point.startMs = reader.nanosAsMs();
        break;
      case fixed64Field(3):
        point.timeMs = reader.nanosAsMs();
        break;
      case fixed64Field(4):
        point.count = reader.fixed64();
        break;
      case fixed64Field(5):
        point.sum = reader.double();
        break;
      case bytesField(6):
        readPacked(reader, point.bucketCounts, () => reader.fixed64());
        break;
      case fixed64Field(6):
        point.bucketCounts.push(reader.fixed64());
        break;
      case bytesField(7):
        readPacked(reader, point.bounds, () => reader.double());
        break;
      case fixed64Field(7):
        point.bounds.push(reader.double());
        break;
      case bytesField(9):
        readAttribute(reader, attributes);
        break;
      case varintField(10):
        point.flags = reader.int32();
        break;
      default:
        reader.skip(tag);
    }
  }
  point.attributes = attributes.values;
  return point;
}

function exponentialPoint(reader: ProtobufReader): WirePoint {
  const point = emptyExponentialPoint();
  const attributes = new AttributeCollector();
  while (reader.more()) {
    const tag = reader.tag();
    switch (tag) {
      case bytesField(1):
        readAttribute(reader, attributes);
        break;
      case fixed64Field(2):
        point.startMs = reader.nanosAsMs();
        break;
      case fixed64Field(3):
        point.timeMs = reader.nanosAsMs();
        break;
      case fixed64Field(4):
        point.count = reader.fixed64();
        break;
      case fixed64Field(5):
        point.sum = reader.double();
        break;
      case varintField(6):
        point.scale = reader.sint32();
        break;
      case fixed64Field(7):
        point.zeroCount = reader.fixed64();
        break;
      case bytesField(8):
        readBuckets(reader, point.positive);
        break;
      case bytesField(9):
        readBuckets(reader, point.negative);
        break;
      case varintField(10):
        point.flags = reader.int32();
        break;
      case fixed64Field(14):
        point.zeroThreshold = reader.double();
        break;
      default:
        reader.skip(tag);
    }
  }
  point.attributes = attributes.values;
  return point;
}

function readBuckets(reader: ProtobufReader, into: ExponentialBuckets): void {
  const outer = reader.enter();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === varintField(1)) into.offset = reader.sint32();
    else if (tag === bytesField(2)) readPacked(reader, into.counts, () => reader.uint64());
    else if (tag === varintField(2)) into.counts.push(reader.uint64());
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function summaryPoint(reader: ProtobufReader): WirePoint {
  const point = emptySummaryPoint();
  const attributes = new AttributeCollector();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === fixed64Field(2)) point.startMs = reader.nanosAsMs();
    else if (tag === fixed64Field(3)) point.timeMs = reader.nanosAsMs();
    else if (tag === fixed64Field(4)) point.count = reader.fixed64();
    else if (tag === fixed64Field(5)) point.sum = reader.double();
    else if (tag === bytesField(6)) point.quantiles.push(readQuantile(reader));
    else if (tag === bytesField(7)) readAttribute(reader, attributes);
    else if (tag === varintField(8)) point.flags = reader.int32();
    else reader.skip(tag);
  }
  point.attributes = attributes.values;
  return point;
}

function readQuantile(reader: ProtobufReader): { quantile: number; value: number } {
  const outer = reader.enter();
  const read = { quantile: 0, value: 0 };
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === fixed64Field(1)) read.quantile = reader.double();
    else if (tag === fixed64Field(2)) read.value = reader.double();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return read;
}

function readPacked(reader: ProtobufReader, into: number[], read: () => number): void {
  const outer = reader.enter();
  while (reader.more()) into.push(read());
  reader.leave(outer);
}
