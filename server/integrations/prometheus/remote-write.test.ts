import snappyjs from "snappyjs";
import { describe, expect, it } from "vitest";
import { tryDamaged, tryRandomBytes, tryTruncated } from "../../testing/telemetry/hostile-bodies.ts";
import { writeRequest } from "../../testing/telemetry/wire.ts";
import { decodeWriteRequest } from "./remote-write.ts";

const AT = 1_772_366_400_000;
const decode = (body: Uint8Array) => decodeWriteRequest(body, { contentType: undefined, maxBytes: 2 ** 20 });
const labels = (pairs: Record<string, string>) => Object.entries(pairs).map(([name, value]) => ({ name, value }));
const series = (pairs: Record<string, string>, ...values: number[]) => ({
  labels: labels(pairs),
  samples: values.map((value, i) => ({ value, timestamp: AT + i * 15_000 })),
});

describe("a write request", () => {
  it("gives the samples of each series", () => {
    const body = writeRequest([
      series({ __name__: "http_requests_total", job: "api", instance: "10.0.0.1:80" }, 1, 2.5, -3),
      series({ __name__: "up", job: "api", service: "cart" }, 1),
    ]);
    expect(decode(body)).toEqual({
      rejected: [],
      records: [
        {
          name: "http_requests_total",
          labels: { job: "api", instance: "10.0.0.1:80", service: "api" },
          kind: "counter",
          kindGuessed: true,
          unit: "",
          timesMs: [AT, AT + 15_000, AT + 30_000],
          values: [1, 2.5, -3],
        },
        {
          ...{ name: "up", labels: { job: "api", service: "cart" }, kind: "gauge", kindGuessed: true, unit: "" },
          ...{ timesMs: [AT], values: [1] },
        },
      ],
    });
  });

  it.each([
    ["requests", 1, "", "requests", "counter", ""],
    ["size", 2, "bytes", "size", "gauge", "bytes"],
    ["queue_total", 2, "", "queue_total", "gauge", ""],
    ["latency", 3, "seconds", "latency_bucket", "counter", ""],
    ["latency", 3, "seconds", "latency_sum", "counter", "seconds"],
    ["backlog", 4, "", "backlog_bucket", "gauge", ""],
    ["rpc", 5, "", "rpc", "gauge", ""],
    ["rpc", 5, "", "rpc_count", "counter", ""],
    ["unrelated", 2, "", "jobs_total", "counter", ""],
  ])("with metadata %s of type %i in %j makes %s a %s", (family, type, unit, name, kind, unitOf) => {
    const body = writeRequest([series({ __name__: name }, 1)], [{ metric_family_name: family, type, unit }]);
    expect(decode(body).records).toMatchObject([{ name, kind, unit: unitOf }]);
  });

  it("with metadata says what a series means", () => {
    const about = { metric_family_name: "size", type: 2, unit: "bytes", help: "How large." };
    const { records } = decode(writeRequest([series({ __name__: "size" }, 1), series({ __name__: "up" }, 1)], [about]));
    expect(records.map(({ help }) => help)).toEqual(["How large.", undefined]);
  });

  it("of metadata alone says what series mean that come in others", () => {
    const about = [
      { metric_family_name: "took_seconds", type: 3, unit: "", help: "Time taken." },
      { metric_family_name: "jobs", type: 1, unit: "", help: "Jobs done." },
      { metric_family_name: "silent", type: 2, unit: "", help: "" },
    ];
    expect(decode(writeRequest([], about))).toEqual({
      records: [],
      rejected: [],
      meanings: [
        ...["took_seconds_bucket", "took_seconds_count", "took_seconds_sum"].map((name) => ({
          name,
          help: "Time taken.",
          kind: "counter",
        })),
        ...["jobs", "jobs_total"].map((name) => ({ name, help: "Jobs done.", kind: "counter" })),
        { name: "silent", help: "", kind: "gauge" },
      ],
    });
  });

  it("reads a native histogram as one with explicit buckets", () => {
    // schema 0: buckets end at 1, 2, 4 … : two in (0.5, 1], three in (1, 2], none in (2, 4], five in (4, 8], one at zero
    const native = {
      ...{ count_int: 11, sum: 40, schema: 0, zero_threshold: 0.001, zero_count_int: 1, timestamp: AT },
      ...{
        positive_spans: [
          { offset: 0, length: 2 },
          { offset: 1, length: 1 },
        ],
        positive_deltas: [2, 1, 2],
      },
    };
    const { records, rejected } = decode(
      writeRequest([{ labels: labels({ __name__: "took_seconds", job: "api" }), histograms: [native] }]),
    );
    expect(rejected).toEqual([]);
    expect(records.every(({ kind, timesMs }) => kind === "counter" && timesMs[0] === AT)).toBe(true);
    const buckets = records.filter(({ name }) => name === "took_seconds_bucket");
    expect(buckets.map(({ labels: { le }, values }) => [le, values[0]])).toEqual([
      ...[
        ["0.5", 1],
        ["1", 3],
        ["2", 6],
        ["4", 6],
        ["8", 11],
        ["+Inf", 11],
      ],
    ]);
    expect(records.slice(-2).map(({ name, values }) => [name, values[0]])).toEqual([
      ["took_seconds_count", 11],
      ["took_seconds_sum", 40],
    ]);
  });

  it("passes over the marker of a series that ended", () => {
    const block = snappyjs.uncompress(writeRequest([series({ __name__: "up" }, 1, 2)]));
    const at = Buffer.from(block).lastIndexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0, 0x40])); // the 2
    block.set([2, 0, 0, 0, 0, 0, 0xf0, 0x7f], at);
    const { records, rejected } = decode(snappyjs.compress(block));
    expect(records).toMatchObject([{ values: [1], timesMs: [AT] }]);
    expect(rejected).toEqual([]);
  });

  it.each([
    ["infinite values", series({ __name__: "g" }, Number.NaN, Number.POSITIVE_INFINITY), 1, "infinite"],
    ["a series without a name", series({ job: "x" }, 1, 2), 2, "needs the label __name__"],
    ["a label that is too long", series({ __name__: "g", a: "x".repeat(3000) }, 1), 1, "longer than 2048"],
    ["a name that is too long", series({ __name__: "n".repeat(300) }, 1), 1, "longer than 255"],
    [
      "a native histogram of custom buckets",
      { labels: labels({ __name__: "h" }), histograms: [{ count_int: 3, schema: -53, timestamp: AT }] },
      1,
      "native histogram",
    ],
  ])("rejects %s, and keeps the others", (_, bad, count, reason) => {
    const { records, rejected } = decode(
      writeRequest([series({ __name__: "a" }, 1), bad, series({ __name__: "b" }, 2)]),
    );
    expect(records.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(rejected).toMatchObject([{ count, reason: expect.stringContaining(reason) }]);
  });

  it("is kept up to its limit of samples", () => {
    const body = writeRequest([
      series({ __name__: "a" }, 1, 2, 3),
      series({ __name__: "b" }, 1, 2),
      series({ __name__: "c" }, 1),
    ]);
    const { records, rejected } = decodeWriteRequest(body, {
      contentType: undefined,
      maxBytes: 2 ** 20,
      maxRecords: 4,
    });
    expect(records.map(({ name }) => name)).toEqual(["a", "c"]);
    expect(rejected).toMatchObject([{ count: 2 }]);
  });

  it.each(["application/x-protobuf;proto=io.prometheus.write.v3.Request", "application/json"])(
    "in %s is refused with the setting that helps",
    (contentType) => {
      expect(() => decodeWriteRequest(writeRequest([]), { contentType, maxBytes: 100 })).toThrow(
        "protobuf_message: prometheus.WriteRequest",
      );
    },
  );

  it("that is damaged does no harm, before and after compression", () => {
    const body = writeRequest([series({ __name__: "up", job: "a" }, 1, 2)], [{ metric_family_name: "up", type: 2 }]);
    tryRandomBytes(decode);
    tryTruncated(decode, body);
    tryDamaged(decode, body);
    tryDamaged(decode, snappyjs.uncompress(body), snappyjs.compress);
  });
});
