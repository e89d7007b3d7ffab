import { type JsonObject, listAt, nanosAsMsAt, numberAt, objectAt } from "../http/body/json.ts";
import { attributesOf, pick } from "./values-json.ts";
import type { ExponentialBuckets, MetricType, WirePoint } from "./wire-metric.ts";

/** A data point of a metric of this type. @throws INVALID naming the path in the point */
export function pointFromJson(point: JsonObject, type: MetricType): WirePoint {
  const any = {
    attributes: attributesOf(point),
    timeMs: nanosAsMsAt(pick(point, "timeUnixNano", "time_unix_nano"), "timeUnixNano"),
    startMs: nanosAsMsAt(pick(point, "startTimeUnixNano", "start_time_unix_nano"), "startTimeUnixNano"),
    flags: numberAt(point.flags, "flags"),
  };
  if (type === "gauge" || type === "sum") return { type: "number", ...any, value: sampleOf(point) };
  const distribution = {
    ...any,
    count: numberAt(point.count, "count"),
    sum: point.sum === undefined || point.sum === null ? null : numberAt(point.sum, "sum"),
  };
  switch (type) {
    case "histogram":
      return {
        type: "histogram",
        ...distribution,
        bucketCounts: numbersAt(pick(point, "bucketCounts", "bucket_counts"), "bucketCounts"),
        bounds: numbersAt(pick(point, "explicitBounds", "explicit_bounds"), "explicitBounds"),
      };
    case "exponential-histogram":
      return {
        type: "exponential",
        ...distribution,
        scale: numberAt(point.scale, "scale"),
        zeroCount: numberAt(pick(point, "zeroCount", "zero_count"), "zeroCount"),
        zeroThreshold: numberAt(pick(point, "zeroThreshold", "zero_threshold"), "zeroThreshold"),
        positive: bucketsAt(point.positive, "positive"),
        negative: bucketsAt(point.negative, "negative"),
      };
    case "summary":
      return { type: "summary", ...distribution, quantiles: quantilesOf(point) };
  }
}

function sampleOf(point: JsonObject): number | null {
  const double = pick(point, "asDouble", "as_double");
  if (double !== undefined) return numberAt(double, "asDouble");
  const whole = pick(point, "asInt", "as_int");
  return whole === undefined ? null : numberAt(whole, "asInt");
}

const numbersAt = (value: unknown, path: string): number[] =>
  listAt(value, path).map((item, i) => numberAt(item, `${path}[${i}]`));

function bucketsAt(value: unknown, path: string): ExponentialBuckets {
  if (value === undefined || value === null) return { offset: 0, counts: [] };
  const buckets = objectAt(value, path);
  return {
    offset: Math.trunc(numberAt(buckets.offset, `${path}.offset`)),
    counts: numbersAt(pick(buckets, "bucketCounts", "bucket_counts"), `${path}.bucketCounts`),
  };
}

const quantilesOf = (point: JsonObject) =>
  listAt(pick(point, "quantileValues", "quantile_values"), "quantileValues").map((item, i) => {
    const path = `quantileValues[${i}]`;
    const entry = objectAt(item, path);
    return {
      quantile: numberAt(entry.quantile, `${path}.quantile`),
      value: numberAt(entry.value, `${path}.value`),
    };
  });
