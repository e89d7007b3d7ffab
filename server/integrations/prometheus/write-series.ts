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
  /** when its counter had begun at zero, of each sample, ms since 1970; 0 when not said */
  startsMs: number[];
  infinite: number;
  histograms: NativeHistogram[];
  /** the same of all samples that do not say it, as drafts of 2.0 have it */
  startMs: number;
}

export const newSeries = (): ReadSeries => ({
  ...{ labels: new Map(), timesMs: [], values: [], startsMs: [], infinite: 0, histograms: [], startMs: 0 },
});

/** How many of each there are. */
export interface WriteCounts {
  samples: number;
  histograms: number;
}
const NOTHING: WriteCounts = { samples: 0, histograms: 0 };

/** A series as it is stored. Without the label `service` the service is `job`, which stays. @returns what was kept */
export function keepSeries(read: ReadSeries, kindOf: (name: string) => Kind, batch: Batch<SeriesSamples>): WriteCounts {
  const name = read.labels.get("__name__") ?? "";
  const collector = labelsOf(read.labels);
  const reject = (reason: string, count: number) => {
    if (count > 0) batch.reject(reason, () => describeSeries(name, collector.labels), count);
  };
  reject("a value is infinite", read.infinite);
  const samples = read.timesMs.length + read.histograms.length;
  if (samples === 0) return NOTHING;
  const problem = collector.problem ?? (name === "" ? "a series needs the label __name__" : null);
  if (problem !== null) {
    reject(problem, samples);
    return NOTHING;
  }
  if (read.histograms.length > 0)
    return { samples: 0, histograms: keepHistograms(name, collector.labels, read, batch, reject) };
  const kind = kindOf(name);
  let kept = 0;
  for (const { startMs, timesMs, values } of kind.kind === "counter" ? lives(read) : [{ ...read, startMs: 0 }]) {
    if (!batch.full(timesMs.length)) kept += timesMs.length;
    batch.keep({ name, labels: collector.labels, ...kind, ...startOf(startMs), timesMs, values }, timesMs.length);
  }
  return { samples: kept, histograms: 0 };
}

type Life = Pick<ReadSeries, "timesMs" | "values" | "startMs">;

/** Its samples, those together that one process counted since it began. */
function lives({ timesMs, values, startsMs, startMs }: ReadSeries): Life[] {
  if (startsMs.every((one) => one === 0 || one === startMs)) return [{ timesMs, values, startMs }];
  const all: Life[] = [];
  for (const [i, atMs] of timesMs.entries()) {
    const own = startsMs[i] || startMs;
    const before = all.at(-1);
    const life = before?.startMs === own ? before : { timesMs: [], values: [], startMs: own };
    if (life !== before) all.push(life);
    life.timesMs.push(atMs);
    life.values.push(values[i] ?? Number.NaN);
  }
  return all;
}

const startOf = (startMs: number): Pick<SeriesSamples, "startMs"> => (startMs > 0 ? { startMs } : {});

/** Each as the series of a histogram with explicit buckets. @returns how many were kept */
function keepHistograms(
  name: string,
  labels: Record<string, string>,
  { histograms, startMs: startOfAll }: ReadSeries,
  batch: Batch<SeriesSamples>,
  reject: (reason: string, count: number) => void,
): number {
  let kept = 0;
  for (const { timeMs, count, sum, buckets, gauge, startMs } of histograms) {
    if (Number.isNaN(sum)) {
      kept++; // the mark that the series ended
      continue;
    }
    if (buckets === null) {
      reject(
        "a native histogram whose buckets are not exponential: custom buckets (schema -53) are not read, only schemas of -4 to 8: send it as a classic histogram",
        1,
      );
      continue;
    }
    if (batch.full(buckets.length + 3)) {
      batch.overflow();
      continue;
    }
    const kind = gauge ? "gauge" : "counter";
    const start = gauge ? {} : startOf(startMs || startOfAll);
    const keep = (suffix: string, value: number, more: Record<string, string> = {}): void =>
      batch.keep({
        ...{ name: name + suffix, labels: { ...labels, ...more }, kind, unit: "", ...start },
        ...{ timesMs: [timeMs], values: [value] },
      });
    for (const { le, count: upTo } of buckets) keep("_bucket", upTo, { le: String(le) });
    keep("_bucket", count, { le: "+Inf" });
    keep("_count", count);
    if (Number.isFinite(sum)) keep("_sum", sum);
    kept++;
  }
  return kept;
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

/** Sample {value, timestamp, start_timestamp}; NaN says that there is no value, or that the series ended */
export function readSample(reader: ProtobufReader, read: ReadSeries): void {
  const outer = reader.enter();
  let value = 0;
  let timeMs = 0;
  let startMs = 0;
  while (reader.more()) {
    const tag = reader.tag();
    if (tag === fixed64Field(1)) value = reader.double();
    else if (tag === varintField(2)) timeMs = reader.int64();
    else if (tag === varintField(3)) startMs = reader.int64();
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (Number.isFinite(value)) {
    read.timesMs.push(timeMs);
    read.values.push(value);
    read.startsMs.push(startMs);
  } else if (!Number.isNaN(value)) read.infinite++;
}
