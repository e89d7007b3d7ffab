import { type ExponentialHistogram, explicitBuckets } from "../http/body/exponential-buckets.ts";
import { bytesField, fixed64Field, type ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";

/** finer than of OTLP: Prometheus' clients keep up to 160 buckets, and quantiles are read from these */
const MOST_BUCKETS = 160;
const MOST_NATIVE_BUCKETS = 10_000;
/** Histogram.ResetHint */
const GAUGE = 3;

interface Spans {
  spans: { offset: number; length: number }[];
  deltas: number[];
  counts: number[];
}

export interface NativeHistogram {
  timeMs: number;
  count: number;
  sum: number;
  /** it may shrink, as its sender says */
  gauge: boolean;
  /** when it began at zero, ms since 1970; 0 when not said */
  startMs: number;
  /** cumulative, without `+Inf`; null for a schema that is not exponential */
  buckets: { le: number; count: number }[] | null;
}

/**
 * Reads the prometheus.Histogram the reader stands in, with counts that are whole or floats.
 * Source: prompb/types.proto, "Histogram"; bucket i of schema s ends at 2^(i · 2^-s). @throws INVALID
 */
export function readNativeHistogram(reader: ProtobufReader): NativeHistogram {
  const read = { timeMs: 0, startMs: 0, resetHint: 0, count: 0, sum: 0, zeroCount: 0, zeroThreshold: 0, scale: 0 };
  const negative: Spans = { spans: [], deltas: [], counts: [] };
  const positive: Spans = { spans: [], deltas: [], counts: [] };
  const outer = reader.enter();
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === varintField(1)) read.count = reader.uint64();
    else if (tag === fixed64Field(2)) read.count = reader.double();
    else if (tag === fixed64Field(3)) read.sum = reader.double();
    else if (tag === varintField(4)) read.scale = reader.sint32();
    else if (tag === fixed64Field(5)) read.zeroThreshold = reader.double();
    else if (tag === varintField(6)) read.zeroCount = reader.uint64();
    else if (tag === fixed64Field(7)) read.zeroCount = reader.double();
    else if (tag === varintField(14)) read.resetHint = reader.int32();
    else if (tag === varintField(15)) read.timeMs = reader.int64();
    else if (tag === varintField(17)) read.startMs = reader.int64();
    else if (!readSpans(reader, tag, 8, negative) && !readSpans(reader, tag, 11, positive)) reader.skip(tag);
  }
  reader.leave(outer);
  const { timeMs, startMs, resetHint, count, sum, ...rest } = read;
  const buckets = explicitBuckets({ ...rest, ...sides(negative, positive) }, MOST_BUCKETS);
  return { timeMs, startMs, count, sum, gauge: resetHint === GAUGE, buckets };
}

const sides = (negative: Spans, positive: Spans): Pick<ExponentialHistogram, "negative" | "positive"> => ({
  negative: denseOf(negative),
  positive: denseOf(positive),
});

/** Spans, deltas and counts have the fields `first`, `first` + 1 and `first` + 2. @returns whether it was one of them */
function readSpans(reader: ProtobufReader, tag: number, first: number, into: Spans): boolean {
  if (tag === bytesField(first)) {
    const outer = reader.enter();
    const span = { offset: 0, length: 0 };
    while (reader.more()) {
      const field = reader.tag();
      if (field === varintField(1)) span.offset = reader.sint32();
      else if (field === varintField(2)) span.length = reader.uint64();
      else reader.skip(field);
    }
    reader.leave(outer);
    into.spans.push(span);
  } else if (tag === bytesField(first + 1)) packed(reader, into.deltas, () => zigzag(reader.uint64()));
  else if (tag === varintField(first + 1)) into.deltas.push(zigzag(reader.uint64()));
  else if (tag === bytesField(first + 2)) packed(reader, into.counts, () => reader.double());
  else if (tag === fixed64Field(first + 2)) into.counts.push(reader.double());
  else return false;
  return true;
}

function packed(reader: ProtobufReader, into: number[], read: () => number): void {
  const outer = reader.enter();
  while (reader.more()) into.push(read());
  reader.leave(outer);
}

const zigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** Buckets one after the other, those between spans empty. OTLP's bucket i is Prometheus' i + 1. */
function denseOf({ spans, deltas, counts }: Spans): { offset: number; counts: number[] } {
  const dense: number[] = [];
  let given = 0;
  let whole = 0;
  for (const [i, { offset, length }] of spans.entries()) {
    const gap = i === 0 ? 0 : Math.max(0, offset);
    if (dense.length + gap + length > MOST_NATIVE_BUCKETS) break;
    for (let k = 0; k < gap; k++) dense.push(0);
    for (let k = 0; k < length; k++, given++) {
      whole += deltas[given] ?? 0;
      dense.push(counts.length > 0 ? (counts[given] ?? 0) : whole);
    }
  }
  return { offset: (spans[0]?.offset ?? 0) - 1, counts: dense };
}
