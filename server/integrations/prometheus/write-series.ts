import type { SeriesSamples } from "../../agent/ports/telemetry.ts";
import type { Batch } from "../http/body/batch.ts";
import { describeSeries, LabelCollector } from "../http/body/labels.ts";
import { fixed64Field, type ProtobufReader, varintField } from "../http/body/protobuf-reader.ts";
import { MOST_NAME } from "../http/body/text.ts";
import type { NativeHistogram } from "./native-histogram.ts";
import type { Kind } from "./series-kind.ts";

/** What both versions of remote write share. */

export interface ReadSeries {
  labels: Map<string, string>;
  timesMs: number[];
  values: number[];
  infinite: number;
  histograms: NativeHistogram[];
  /** when its counter began at zero, ms since 1970; 0 when not said */
  startMs: number;
}

export const newSeries = (): ReadSeries => ({
  ...{ labels: new Map(), timesMs: [], values: [], infinite: 0, histograms: [], startMs: 0 },
});

/** A series as it is stored. Without the label `service` the service is `job`, which stays. */
export function keepSeries(read: ReadSeries, kindOf: (name: string) => Kind, batch: Batch<SeriesSamples>): void {
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
  else if (read.histograms.length > 0) keepHistograms(name, collector.labels, read, batch, reject);
  else {
    const kind = kindOf(name);
    const start = kind.kind === "counter" ? startOf(read.startMs) : {};
    const { timesMs, values } = read;
    batch.keep({ name, labels: collector.labels, ...kind, ...start, timesMs, values }, samples);
  }
}

const startOf = (startMs: number): Pick<SeriesSamples, "startMs"> => (startMs > 0 ? { startMs } : {});

/** Each as the series of a histogram with explicit buckets. */
function keepHistograms(
  name: string,
  labels: Record<string, string>,
  { histograms, startMs }: ReadSeries,
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
        ...{ name: name + suffix, labels: { ...labels, ...more }, kind: "counter", unit: "", ...startOf(startMs) },
        ...{ timesMs: [timeMs], values: [value] },
      });
    for (const { le, count: upTo } of buckets) keep("_bucket", upTo, { le: String(le) });
    keep("_bucket", count, { le: "+Inf" });
    keep("_count", count);
    if (Number.isFinite(sum)) keep("_sum", sum);
  }
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

/** Sample {value, timestamp}; NaN says that there is no value, or that the series ended */
export function readSample(reader: ProtobufReader, read: ReadSeries): void {
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
