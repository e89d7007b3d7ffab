import { SpanStatusCode } from "@opentelemetry/api";
import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { cpuMsOf } from "#server/testing/cpu-time.ts";
import type { Decoded } from "../../agent/ports/telemetry.ts";
import { tryDamaged, tryOddJson, tryRandomBytes, tryTruncated } from "../../testing/telemetry/hostile-bodies.ts";
import { type Bodies, logBodies, metricBodies, traceBodies } from "../../testing/telemetry/sdk-bodies.ts";
import { decodeLogs } from "./logs.ts";
import { decodeMetrics } from "./metrics.ts";
import { decodeTraces } from "./traces.ts";

const logs = () =>
  logBodies((logger) => {
    for (let i = 0; i < 3; i++)
      logger.emit({ body: { message: `line ${i}`, at: [1, { x: "y" }] }, severityNumber: 9, attributes: { a: i } });
  });
const metrics = () =>
  metricBodies((meter) => {
    meter.createCounter("requests").add(1, { route: "/pay" });
    meter.createHistogram("duration", { unit: "s" }).record(0.2);
    meter.createHistogram("size.exponential").record(7);
  });
const traces = () =>
  traceBodies((tracer) => {
    const span = tracer.startSpan("pay", { attributes: { tags: ["a"] } });
    span.addEvent("retry", { attempt: 2 });
    span.setStatus({ code: SpanStatusCode.ERROR, message: "no" });
    span.end();
  });

type Decode = (body: Uint8Array, encoding: "protobuf" | "json") => Decoded<unknown>;

const SIGNALS: [string, () => Promise<Bodies>, Decode][] = [
  ["logs", logs, (body, encoding) => decodeLogs(body, { encoding, receivedAtMs: 1 })],
  ["metrics", metrics, (body, encoding) => decodeMetrics(body, { encoding })],
  ["traces", traces, (body, encoding) => decodeTraces(body, { encoding })],
];

describe.each(SIGNALS)("hostile %s", (_, bodies, decode) => {
  it("in random bytes are refused", () => {
    tryRandomBytes((body) => decode(body, "protobuf"));
    tryRandomBytes((body) => decode(body, "json"));
  });

  it("in cut bodies are refused", async () => {
    const { protobuf: binary, json } = await bodies();
    tryTruncated((body) => decode(body, "protobuf"), binary);
    tryTruncated((body) => decode(body, "json"), json);
  });

  it("in damaged bodies do no harm", async () => {
    const { protobuf: binary, json } = await bodies();
    tryDamaged((body) => decode(body, "protobuf"), binary);
    tryDamaged((body) => decode(body, "json"), json);
  });

  it("in JSON of another shape do no harm", async () => {
    const { json } = await bodies();
    tryOddJson((body) => decode(body, "json"), JSON.parse(Buffer.from(json).toString()));
  });
});

/** wraps a message into field `field` of another */
const wrap = (inner: Uint8Array, field = 2): Uint8Array =>
  protobuf.Writer.create()
    .uint32((field << 3) | 2)
    .bytes(inner)
    .finish();

describe("a body made to cost", () => {
  it("of a million label combinations gives no more series than its limit", () => {
    const points = protobuf.Writer.create();
    for (let i = 0; i < 1_000_000; i++) {
      points.uint32(0x0a).fork().uint32(0x19).fixed64(1_772_366_400_000_000_000).uint32(0x21).double(i);
      points.uint32(0x3a).fork().uint32(0x0a).string("id").uint32(0x12).fork();
      points.uint32(0x0a).string(String(i)).ldelim().ldelim().ldelim();
    }
    const metric = protobuf.Writer.create().uint32(0x0a).string("m").uint32(0x2a).bytes(points.finish()).finish();
    const body = wrap(wrap(wrap(metric)), 1);
    const before = process.memoryUsage().heapUsed;
    const { records, rejected } = decodeMetrics(body, { encoding: "protobuf" });
    expect(records).toHaveLength(100_000);
    expect(rejected).toEqual([
      { reason: "more than 100000 in one request: send smaller batches", count: 900_000, example: null },
    ]);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200e6);
  });

  it("of empty records is cut at its limit", () => {
    const body = wrap(wrap(Buffer.alloc(2_000_000, Buffer.from([0x12, 0]))), 1);
    const { records, rejected } = decodeLogs(body, { encoding: "protobuf", receivedAtMs: 1, maxRecords: 10 });
    expect(records).toHaveLength(10);
    expect(rejected).toMatchObject([{ count: 999_990 }]);
  });

  it("of broken records only is refused before they all were tried", () => {
    const body = wrap(wrap(Buffer.alloc(9_000_000, Buffer.from([0x12, 1, 0x07]))), 1);
    const tookMs = cpuMsOf(() =>
      expect(() => decodeLogs(body, { encoding: "protobuf", receivedAtMs: 1 })).toThrow("More than 1000 records"),
    );
    expect(tookMs).toBeLessThan(1_000);
  });

  it("of values inside of values is no deeper than its limit", () => {
    let value: Uint8Array = Buffer.from([0x10, 1]);
    for (let i = 0; i < 5_000; i++) value = wrap(wrap(value, 1), 5);
    const body = wrap(wrap(wrap(wrap(value, 5))), 1);
    const { records, rejected } = decodeLogs(body, { encoding: "protobuf", receivedAtMs: 1 });
    expect(records).toMatchObject([{ body: `${"[".repeat(8)}"…"${"]".repeat(8)}` }]);
    expect(rejected).toEqual([]);
  });

  it("of JSON inside of JSON is no deeper than its limit", () => {
    const nested = `${'{"arrayValue":{"values":['.repeat(100_000)}${"]}}".repeat(100_000)}`;
    const body = Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${nested}}]}]}]}`);
    const { records } = decodeLogs(body, { encoding: "json", receivedAtMs: 1 });
    expect(records).toMatchObject([{ body: `${"[".repeat(8)}"…"${"]".repeat(8)}` }]);
  });

  it("of empty JSON objects is refused before it is parsed", () => {
    const body = Buffer.from(`{"resourceLogs":[${"{},".repeat(2_000_001)}{}]}`);
    expect(() => decodeLogs(body, { encoding: "json", receivedAtMs: 1 })).toThrow("Send smaller batches");
  });
});
