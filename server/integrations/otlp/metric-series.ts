import { type SeriesKind, type SeriesSamples, STREAM_START } from "../../agent/ports/telemetry.ts";
import type { Batch } from "../http/body/batch.ts";
import { explicitBuckets } from "../http/body/exponential-buckets.ts";
import { describeSeries } from "../http/body/labels.ts";
import { MOST_HELP, storableName, storableText } from "../http/body/text.ts";
import { metricName, pointLabels } from "./prometheus-names.ts";
import type { Source } from "./source.ts";
import { DELTA, UNSPECIFIED, type WireMetric, type WirePoint } from "./wire-metric.ts";

/** DataPointFlags: the series ended, the point says no more than that */
const NO_RECORDED_VALUE = 1;
const MOST_EXPLICIT_BUCKETS = 256;
const MOST_UNIT = 63;
const MOST_METRIC_NAME = 255;

/** What the points of one metric share. */
export interface SeriesFamily {
  name: string;
  kind: SeriesKind;
  /** a running total since a start that all points of one stream share, whether it may sink or not */
  cumulative: boolean;
  /** of its unit and meaning, what is said */
  about: Pick<SeriesSamples, "unit" | "help">;
  /** labels of the origin */
  origin: Record<string, string>;
  /** the origin tells one process from all others */
  identified: boolean;
  scope: Pick<SeriesSamples, "scope">;
  /** why no point of it can be taken; null where they can */
  problem: string | null;
}

/** of the origin, beside its four names: two services of one name in two namespaces are two */
const NAMESPACE = "service_namespace";

export function seriesFamily(metric: WireMetric, { origin, namespace, identified, scope }: Source): SeriesFamily {
  const name = metricName(metric);
  const help = storableText(metric.description, MOST_HELP);
  const labels = Object.entries({ ...origin, [NAMESPACE]: namespace }).filter(([, value]) => value !== "");
  return {
    name,
    kind: kindOf(metric),
    cumulative: metric.type !== "gauge" && metric.temporality !== DELTA,
    about: { unit: storableName(metric.unit, MOST_UNIT), ...(help !== "" && { help }) },
    origin: Object.fromEntries(labels),
    identified,
    scope: scope ? { scope } : {},
    problem: problemOf(metric, name),
  };
}

function kindOf({ type, monotonic, temporality }: WireMetric): SeriesKind {
  if (type === "gauge" || (type === "sum" && !monotonic)) return "gauge";
  return temporality === DELTA ? "delta" : "counter";
}

function problemOf({ type, monotonic, temporality }: WireMetric, name: string): string | null {
  if (name === "") return "a metric needs a name";
  if (name.length > MOST_METRIC_NAME) return `a metric's name is longer than ${MOST_METRIC_NAME} characters`;
  if (type === "gauge" || type === "summary") return null;
  if (temporality === UNSPECIFIED) return "a sum or a histogram must say its aggregation temporality";
  if (type === "sum" && !monotonic && temporality === DELTA)
    return "a delta of a sum that also sinks has no level: use cumulative temporality for up-down counters";
  return null;
}

/** Keeps the series of one point, or rejects the point as a whole. */
export function keepPoint(family: SeriesFamily, point: WirePoint, batch: Batch<SeriesSamples>): void {
  if ((point.flags & NO_RECORDED_VALUE) !== 0) return;
  const reject = (reason: string) => batch.reject(reason, () => describeSeries(family.name, collector.labels));
  const collector = pointLabels(streamOrigin(family, point), point.attributes);
  const problem = family.problem ?? collector.problem ?? (point.timeMs === 0 ? "a data point needs its time" : null);
  if (problem !== null) {
    reject(problem);
    return;
  }
  const { labels } = collector;
  if (point.type === "number") {
    if (point.value === null) reject("a data point needs a value");
    else if (Number.isNaN(point.value))
      return; // there is no value: nothing to keep, nothing to complain of
    else if (!Number.isFinite(point.value)) reject("a value is infinite");
    else batch.keep(seriesOf(family, "", labels, family.kind, point, point.value));
    return;
  }
  const series = distributionOf(family, labels, point);
  if (typeof series === "string") reject(series);
  else if (batch.full(series.length)) batch.overflow();
  else for (const one of series) batch.keep(one);
}

/**
 * Where the sender does not say which process it is, the start of a running total tells two of them apart: one stream has one
 * start (OTLP data model, "Single-Writer"). A point that is its own start may be the first of a stream or one of many that
 * say so: which, the store finds out (builtin/unknown-starts.ts).
 */
function streamOrigin(
  { origin, identified, cumulative }: SeriesFamily,
  { startMs, timeMs }: WirePoint,
): Record<string, string> {
  if (identified || !cumulative || !(startMs > 0) || startMs >= timeMs) return origin;
  return { ...origin, [STREAM_START]: new Date(startMs).toISOString() };
}

function seriesOf(
  { name, about, identified, scope }: SeriesFamily,
  suffix: string,
  labels: Record<string, string>,
  kind: SeriesKind,
  { timeMs, startMs }: Pick<WirePoint, "timeMs" | "startMs">,
  value: number,
): SeriesSamples {
  // samples have whole milliseconds, as in Prometheus
  const samples = { timesMs: [Math.floor(timeMs)], values: [value] };
  const isSaid = startMs > 0 && (kind === "counter" || (kind === "delta" && startMs < timeMs));
  const start = isSaid ? { startMs } : {};
  const shared = kind === "delta" && !identified ? { shared: true as const } : {};
  return { name: name + suffix, labels, kind, ...about, ...samples, ...start, ...shared, ...scope };
}

/** The series of a histogram or a summary; a text says why there are none. */
function distributionOf(
  family: SeriesFamily,
  labels: Record<string, string>,
  point: Exclude<WirePoint, { type: "number" }>,
): SeriesSamples[] | string {
  const { count } = point;
  const sum = Number.isNaN(point.sum) ? null : point.sum;
  if (sum !== null && !Number.isFinite(sum)) return "a sum is infinite";
  if (!countsOf(point).every((one) => one >= 0 && one < Number.POSITIVE_INFINITY)) return "a count is not a number";
  const totals = [seriesOf(family, "_count", labels, family.kind, point, count)];
  if (sum !== null) totals.push(seriesOf(family, "_sum", labels, family.kind, point, sum));
  if (point.type === "summary") {
    const known = point.quantiles.filter(({ value }) => Number.isFinite(value)).slice(0, MOST_EXPLICIT_BUCKETS);
    const quantiles = known.map(({ quantile, value }) =>
      seriesOf(family, "", { ...labels, quantile: String(quantile) }, "gauge", point, value),
    );
    return [...quantiles, ...totals];
  }
  const buckets = point.type === "histogram" ? cumulative(point.bounds, point.bucketCounts) : explicitBuckets(point);
  if (buckets === null) return "the scale or the offset of an exponential histogram is out of range";
  if (typeof buckets === "string") return buckets;
  const bucketOf = (le: string, upTo: number) =>
    seriesOf(family, "_bucket", { ...labels, le }, family.kind, point, upTo);
  return [...buckets.map(({ le, count: upTo }) => bucketOf(String(le), upTo)), bucketOf("+Inf", count), ...totals];
}

/** JSON may hold any number where protobuf has unsigned ones. */
function countsOf(point: Exclude<WirePoint, { type: "number" }>): number[] {
  if (point.type === "histogram") return [point.count, ...point.bucketCounts];
  if (point.type === "summary") return [point.count];
  return [point.count, point.zeroCount, ...point.positive.counts, ...point.negative.counts];
}

/** Without the last bucket, which is `+Inf` and holds the count. */
function cumulative(bounds: readonly number[], counts: readonly number[]): { le: number; count: number }[] | string {
  if (counts.length === 0 && bounds.length === 0) return [];
  if (counts.length !== bounds.length + 1) return "a histogram needs one bucket more than bounds";
  if (bounds.length > MOST_EXPLICIT_BUCKETS) return `a histogram has more than ${MOST_EXPLICIT_BUCKETS} buckets`;
  let upTo = 0;
  let before = Number.NEGATIVE_INFINITY;
  const buckets: { le: number; count: number }[] = [];
  for (const [i, le] of bounds.entries()) {
    if (!(le > before)) return "the bounds of a histogram must grow";
    before = le;
    upTo += counts[i] ?? 0;
    if (Number.isFinite(le)) buckets.push({ le, count: upTo });
  }
  return buckets;
}
