import { describe, expect, it } from "vitest";
import type { SeriesSamples } from "../../agent/ports/telemetry.ts";
import { metricBodies } from "../../testing/telemetry/sdk-bodies.ts";
import { decodeMetrics } from "./metrics.ts";

const ORIGIN = { service: "checkout", environment: "production", version: "1.4.2", instance: "checkout-7" };
const AT = "1772366400500999999";

function decoded(metrics: unknown[], resource: object[] = [], maxRecords?: number) {
  const request = { resourceMetrics: [{ resource: { attributes: resource }, scopeMetrics: [{ metrics }] }] };
  return decodeMetrics(Buffer.from(JSON.stringify(request)), {
    encoding: "json",
    ...(maxRecords === undefined ? {} : { maxRecords }),
  });
}
const brief = ({ name, labels, kind, values }: SeriesSamples) => {
  const { service: _, ...own } = labels;
  return [name, own, kind, values[0]];
};

describe("metrics of the SDK", () => {
  it.each(["cumulative", "delta"] as const)("mean the same in protobuf and in JSON, %s", async (temporality) => {
    const bodies = await metricBodies((meter) => {
      meter
        .createCounter("http.requests", { unit: "{request}", description: "Requests,\nall." })
        .add(3, { "http.route": "/pay", status: 200 });
      meter.createUpDownCounter("queue.length").add(7);
      meter.createObservableGauge("cpu.utilization", { unit: "1" }).addCallback((result) => result.observe(0.25));
      const duration = meter.createHistogram("http.server.request.duration", {
        unit: "s",
        description: "Time to answer.",
        advice: { explicitBucketBoundaries: [0.1, 1] },
      });
      for (const value of [0.05, 0.5, 0.5, 5]) duration.record(value);
      const exponential = meter.createHistogram("size.exponential", { unit: "By" });
      for (const value of [0, 1, 2, 1000]) exponential.record(value);
    }, temporality);
    const protobuf = decodeMetrics(bodies.protobuf, { encoding: "protobuf" });
    expect(decodeMetrics(bodies.json, { encoding: "json" })).toEqual(protobuf);
    const delta = temporality === "delta";
    const kind = delta ? "delta" : "counter";
    expect(protobuf.rejected).toMatchObject(delta ? [{ count: 1, reason: expect.stringContaining("up-down") }] : []);
    const found = (name: string) =>
      protobuf.records
        .filter((series) => series.name === name)
        .map(({ labels, values, kind: of }) => {
          expect(labels).toMatchObject(ORIGIN);
          const own = Object.entries(labels).filter(([label]) => !Object.hasOwn(ORIGIN, label));
          return [Object.fromEntries(own), of, ...values];
        });
    expect(found("http_requests_total")).toEqual([[{ http_route: "/pay", status: "200" }, kind, 3]]);
    expect(found("queue_length")).toEqual(delta ? [] : [[{}, "gauge", 7]]);
    expect(found("cpu_utilization_ratio")).toEqual([[{}, "gauge", 0.25]]);
    expect(found("http_server_request_duration_seconds_bucket")).toEqual([
      [{ le: "0.1" }, kind, 1],
      [{ le: "1" }, kind, 3],
      [{ le: "+Inf" }, kind, 4],
    ]);
    expect(found("http_server_request_duration_seconds_count")).toEqual([[{}, kind, 4]]);
    expect(found("http_server_request_duration_seconds_sum")).toEqual([[{}, kind, 6.05]]);
    const helps = new Map(protobuf.records.map(({ name, help }) => [name, help]));
    expect(helps.get("http_requests_total")).toBe("Requests,\nall.");
    for (const part of ["bucket", "count", "sum"])
      expect(helps.get(`http_server_request_duration_seconds_${part}`)).toBe("Time to answer.");
    expect(helps.get("cpu_utilization_ratio")).toBeUndefined();
    const sizes = found("size_exponential_bytes_bucket");
    expect(sizes.length).toBeLessThanOrEqual(25);
    expect(sizes[0]?.[2]).toBe(1);
    expect(sizes.at(-1)).toEqual([{ le: "+Inf" }, kind, 4]);
  });
});

const sum = (point: object, more: object = {}) => ({
  name: "jobs",
  sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ timeUnixNano: AT, ...point }], ...more },
});
const gauge = (point: object) => ({ name: "g", unit: "ms", gauge: { dataPoints: [{ timeUnixNano: AT, ...point }] } });
const histogram = (point: object, more: object = {}) => ({
  name: "h",
  histogram: { aggregationTemporality: 2, dataPoints: [{ timeUnixNano: AT, count: "3", ...point }], ...more },
});

describe("a data point", () => {
  it("has whole milliseconds, its unit, and integers in text", () => {
    const { records } = decoded([gauge({ asInt: "-12" })]);
    expect(records).toEqual([
      {
        name: "g_milliseconds",
        labels: { service: "unknown_service" },
        kind: "gauge",
        unit: "ms",
        timesMs: [1_772_366_400_500],
        values: [-12],
      },
    ]);
  });

  it("brings what its metric means, cut and such as can be stored", () => {
    const { records } = decoded([{ ...gauge({ asInt: "1" }), description: `a\0b\ud800${"x".repeat(10_000)}` }]);
    expect(records[0]?.help).toMatch(/^a\ufffdb\ufffdx+…$/);
    expect(records[0]?.help).toHaveLength(500);
  });

  it("of a summary becomes quantiles, sum and count; quantiles of nothing are left out", () => {
    const quantileValues = [
      { quantile: 0.5, value: 20 },
      { quantile: 0.99, value: "NaN" },
    ];
    const { records } = decoded([
      { name: "s", summary: { dataPoints: [{ timeUnixNano: AT, count: 2, sum: 41.5, quantileValues }] } },
    ]);
    expect(records.map(brief)).toEqual([
      ["s", { quantile: "0.5" }, "gauge", 20],
      ["s_count", {}, "counter", 2],
      ["s_sum", {}, "counter", 41.5],
    ]);
  });

  it("of a histogram without buckets keeps count and sum", () => {
    const { records } = decoded([histogram({ sum: 6 })]);
    expect(records.map(brief)).toEqual([
      ["h_bucket", { le: "+Inf" }, "counter", 3],
      ["h_count", {}, "counter", 3],
      ["h_sum", {}, "counter", 6],
    ]);
  });

  it("that says no value is passed over", () => {
    expect(decoded([gauge({ flags: 1 }), gauge({ asDouble: "NaN" }), gauge({ asDouble: 1 })])).toMatchObject({
      records: [{}],
      rejected: [],
    });
  });

  it.each([
    ["without a value", gauge({}), "needs a value"],
    ["that is infinite", gauge({ asDouble: "-Infinity" }), "infinite"],
    ["without a time", gauge({ asDouble: 1, timeUnixNano: 0 }), "needs its time"],
    ["of a nameless metric", { ...gauge({ asDouble: 1 }), name: "·" }, "needs a name"],
    ["of a metric with an endless name", { ...gauge({ asDouble: 1 }), name: "n".repeat(400) }, "longer than 255"],
    [
      "with a long label",
      gauge({ asInt: 1, attributes: [{ key: "a", value: { stringValue: "x".repeat(2049) } }] }),
      "2048",
    ],
    [
      "with too many labels",
      gauge({ asInt: 1, attributes: Array.from({ length: 70 }, (_, i) => ({ key: `k${i}`, value: { intValue: i } })) }),
      "more than 64 labels",
    ],
    ["of no temporality", sum({ asInt: 1 }, { aggregationTemporality: 0 }), "aggregation temporality"],
    ["of an up-down delta", sum({ asInt: 1 }, { aggregationTemporality: 1, isMonotonic: false }), "up-down counters"],
    ["with a bucket too few", histogram({ bucketCounts: [1, 2], explicitBounds: [1, 2] }), "one bucket more"],
    ["with falling bounds", histogram({ bucketCounts: [1, 1, 1], explicitBounds: [2, 1] }), "must grow"],
    ["with a negative count", histogram({ bucketCounts: [-1, 4], explicitBounds: [2] }), "a count is not a number"],
    [
      "of an odd scale",
      {
        name: "e",
        exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{ timeUnixNano: AT, count: 1, scale: 400 }] },
      },
      "out of range",
    ],
    ["that cannot be read", gauge({ asDouble: { much: true } }), "a data point cannot be read"],
  ])("%s is rejected, and the others are kept", (_, metric, reason) => {
    const { records, rejected } = decoded([gauge({ asInt: 1 }), metric, sum({ asInt: 2 })]);
    expect(records).toHaveLength(2);
    expect(rejected).toMatchObject([{ count: 1, reason: expect.stringContaining(reason) }]);
  });

  it("keeps labels apart that share a name with the origin's or with each other", () => {
    const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const attributes = [
      text("service", "mine"),
      text("a.b", "2"),
      text("a-b", "1"),
      text("__proto", "p"),
      text("0", "z"),
    ];
    const { records } = decoded([gauge({ asInt: 1, attributes })], [text("service.name", "cart")]);
    expect(records[0]?.labels).toEqual({
      service: "cart",
      exported_service: "mine",
      a_b: "1;2",
      __proto: "p",
      key_0: "z",
    });
  });

  it("is kept with all its series or not at all when the body holds too many", () => {
    const point = { sum: 1, bucketCounts: [1, 2], explicitBounds: [1] };
    const { records, rejected } = decoded([histogram(point), histogram(point)], [], 7);
    expect(records.map(({ name }) => name)).toEqual(["h_bucket", "h_bucket", "h_count", "h_sum"]);
    expect(rejected).toMatchObject([{ count: 1, reason: expect.stringContaining("send smaller batches") }]);
  });
});
