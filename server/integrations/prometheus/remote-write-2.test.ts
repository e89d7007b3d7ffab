import snappyjs from "snappyjs";
import { describe, expect, it } from "vitest";
import { tryDamaged, tryRandomBytes, tryTruncated } from "../../testing/telemetry/hostile-bodies.ts";
import { writeRequest2 } from "../../testing/telemetry/wire.ts";
import { decodeWriteRequest } from "./remote-write.ts";

const AT = 1_772_366_400_000;
const contentType = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
const decode = (body: Uint8Array) => decodeWriteRequest(body, { contentType, maxBytes: 2 ** 20 });
const [COUNTER, GAUGE, HISTOGRAM, SUMMARY] = [1, 2, 3, 5];
const samples = [{ value: 5, timestamp: AT }];

describe("a request of remote write 2.0", () => {
  it("gives samples with what they mean and when they began", () => {
    const body = writeRequest2([
      {
        ...{ labels: { __name__: "jobs", job: "api", instance: "a" }, type: COUNTER, help: "Jobs done.", samples },
        created_timestamp: AT - 60_000,
      },
      { labels: { __name__: "size", service: "cart" }, type: GAUGE, unit: "bytes", samples },
      { labels: { __name__: "bare" }, samples },
    ]);
    expect(decode(body)).toEqual({
      rejected: [],
      kept: { samples: 3, histograms: 0 },
      meanings: [
        { name: "jobs", help: "Jobs done.", kind: "counter" },
        { name: "size", help: "", kind: "gauge" },
      ],
      records: [
        {
          ...{ name: "jobs", kind: "counter", unit: "", help: "Jobs done.", startMs: AT - 60_000 },
          ...{ labels: { job: "api", instance: "a", service: "api" }, timesMs: [AT], values: [5] },
        },
        { name: "size", labels: { service: "cart" }, kind: "gauge", unit: "bytes", timesMs: [AT], values: [5] },
        { name: "bare", labels: {}, kind: "gauge", kindGuessed: true, unit: "", timesMs: [AT], values: [5] },
      ],
    });
  });

  it.each([
    [HISTOGRAM, "took_bucket", "counter"],
    [HISTOGRAM, "took_count", "counter"],
    [SUMMARY, "took", "gauge"],
    [SUMMARY, "took_sum", "counter"],
    [GAUGE, "queue_total", "gauge"],
    [0, "jobs_total", "counter"],
  ])("of type %i makes %s a %s", (type, name, kind) => {
    expect(decode(writeRequest2([{ labels: { __name__: name }, type, samples }])).records).toMatchObject([{ kind }]);
  });

  it.each(["whole", "float"])("reads native histograms with %s counts", (counts) => {
    const native = {
      ...{ sum: 40, schema: 0, zero_threshold: 0.001, timestamp: AT, positive_spans: [{ offset: 0, length: 2 }] },
      ...(counts === "whole"
        ? { count_int: 6, zero_count_int: 1, positive_deltas: [2, 1] }
        : { count_float: 6, zero_count_float: 1, positive_counts: [2, 3] }),
    };
    const labels = { __name__: "took_seconds" };
    const { records, kept } = decode(
      writeRequest2([{ labels, type: HISTOGRAM, histograms: [native], created_timestamp: AT - 5_000 }]),
    );
    expect(kept).toEqual({ samples: 0, histograms: 1 });
    expect(records.map(({ name, labels: { le = "" }, values, startMs }) => [name, le, values[0], startMs])).toEqual([
      ["took_seconds_bucket", "0.5", 1, AT - 5_000],
      ["took_seconds_bucket", "1", 3, AT - 5_000],
      ["took_seconds_bucket", "2", 6, AT - 5_000],
      ["took_seconds_bucket", "+Inf", 6, AT - 5_000],
      ["took_seconds_count", "", 6, AT - 5_000],
      ["took_seconds_sum", "", 40, AT - 5_000],
    ]);
  });

  it("gives each sample the start that it says itself, and the series' own where it says none", () => {
    const sample = (value: number, seconds: number, start: number | null) => ({
      ...{ value, timestamp: AT + seconds * 1_000 },
      ...(start !== null && { start_timestamp: AT + start * 1_000 }),
    });
    const told = [sample(500, 0, -60), sample(510, 15, -60), sample(2, 30, 20), sample(3, 45, null)];
    const labels = { __name__: "jobs_total", job: "api" };
    const { records } = decode(
      writeRequest2([{ labels, type: COUNTER, samples: told, created_timestamp: AT - 90_000 }]),
    );
    expect(records.map(({ startMs, values }) => [((startMs ?? 0) - AT) / 1_000, values])).toEqual([
      [-60, [500, 510]],
      [20, [2]],
      [-90, [3]],
    ]);
    const histogram = { count_int: 3, sum: 1, timestamp: AT, start_timestamp: AT - 5_000 };
    const native = decode(writeRequest2([{ labels, type: HISTOGRAM, histograms: [histogram] }]));
    expect(new Set(native.records.map(({ startMs }) => startMs))).toEqual(new Set([AT - 5_000]));
  });

  it("takes a native histogram that may shrink for gauges, and counts what was read beside one that cannot be", () => {
    const histogram = { count_int: 3, sum: 1, timestamp: AT, created_timestamp: AT - 5_000 };
    const { records, kept, rejected } = decode(
      writeRequest2([
        { labels: { __name__: "waiting" }, type: 4, histograms: [{ ...histogram, reset_hint: 3 }] },
        { labels: { __name__: "custom" }, type: HISTOGRAM, histograms: [{ ...histogram, schema: -53 }] },
        { labels: { __name__: "jobs_total" }, type: COUNTER, samples },
      ]),
    );
    expect(new Set(records.map(({ name, kind }) => `${name} ${kind}`))).toEqual(
      new Set(["waiting_bucket gauge", "waiting_count gauge", "waiting_sum gauge", "jobs_total counter"]),
    );
    expect(kept).toEqual({ samples: 1, histograms: 1 });
    expect(rejected).toMatchObject([{ count: 1, reason: expect.stringContaining("-53") }]);
  });

  it("rejects a series that refers to no symbol, and keeps the others", () => {
    const good = { labels: { __name__: "a" }, samples };
    const body = writeRequest2([good, good]);
    const block = Buffer.from(snappyjs.uncompress(body));
    block[block.lastIndexOf(Buffer.from([0x0a, 2])) + 3] = 99;
    const { records, rejected } = decode(snappyjs.compress(block));
    expect(records.map(({ name }) => name)).toEqual(["a"]);
    expect(rejected).toMatchObject([{ count: 1, reason: "a series cannot be read" }]);
  });

  it("that is damaged does no harm, before and after compression", () => {
    const body = writeRequest2([{ labels: { __name__: "up", job: "a" }, type: GAUGE, help: "Up.", samples }]);
    tryRandomBytes(decode);
    tryTruncated(decode, body);
    tryDamaged(decode, body);
    tryDamaged(decode, snappyjs.uncompress(body), snappyjs.compress);
  });
});
