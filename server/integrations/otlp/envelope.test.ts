import protobuf from "protobufjs";
import { describe, expect, it } from "vitest";
import { otlpEncoding } from "./envelope.ts";
import { decodeLogs } from "./logs.ts";
import { decodeMetrics } from "./metrics.ts";

const PROTO = `
  syntax = "proto3";
  message Request { repeated Resources resources = 1; }
  message Resources { Resource resource = 1; repeated Scopes scopes = 2; string schema_url = 3; }
  message Resource { repeated KeyValue attributes = 1; }
  message Scopes { Scope scope = 1; repeated bytes records = 2; }
  message Scope { string name = 1; }
  message KeyValue { string key = 1; Value value = 2; }
  message Value { string string_value = 1; }
  message Metric { string name = 1; Sum sum = 7; }
  message Sum { repeated Point points = 1; int32 temporality = 2; bool monotonic = 3; }
  message Point { fixed64 time = 3; sfixed64 value = 6; }
`;
const { root } = protobuf.parse(PROTO, { keepCase: true });
const encode = (type: string, value: object): Uint8Array => root.lookupType(type).encode(value).finish();
const join = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);

describe("the encoding of a request", () => {
  it.each([
    ["application/x-protobuf", "protobuf"],
    ["application/json; charset=utf-8", "json"],
    ["Application/JSON", "json"],
  ])("%j is %s", (contentType, encoding) => {
    expect(otlpEncoding(contentType)).toBe(encoding);
  });

  it.each([undefined, "", "text/plain"])("%j is none", (contentType) => {
    expect(() => otlpEncoding(contentType)).toThrow("application/x-protobuf or application/json");
  });
});

describe("JSON in which a list has another name", () => {
  const record = { body: { stringValue: "hello" } };
  const scope = { logRecords: [record] };
  it.each([
    ["resourceLogs", { resourceLog: [{ scopeLogs: [scope] }] }, "resourceLog"],
    ["resourceLogs", { resourceSpans: [] }, "resourceSpans"],
    ["scopeLogs", { resourceLogs: [{ resource: {}, scopeLog: [scope] }] }, "resourceLogs[0].scopeLog"],
    [
      "logRecords",
      { resourceLogs: [{ scopeLogs: [{ logRecord: [record] }] }] },
      "resourceLogs[0].scopeLogs[0].logRecord",
    ],
  ])("is told that there is no %s", (missing, body, found) => {
    const { records, rejected } = decodeLogs(Buffer.from(JSON.stringify(body)), { encoding: "json", receivedAtMs: 5 });
    expect(records).toEqual([]);
    expect(rejected).toEqual([
      { reason: `there is no ${missing}, and nothing else in its place is read`, count: 1, example: `found ${found}` },
    ]);
  });

  it.each([
    {},
    { resourceLogs: [], later: 1 },
    { resource_logs: [{ resource: {}, schemaUrl: "x" }] },
    { resourceLogs: [{ scopeLogs: [{ scope: {}, schema_url: "x" }] }] },
  ])("is not told so of %j, which holds nothing", (body) => {
    const decoded = decodeLogs(Buffer.from(JSON.stringify(body)), { encoding: "json", receivedAtMs: 5 });
    expect(decoded).toEqual({ records: [], rejected: [] });
  });
});

describe("protobuf", () => {
  it("may hold who sent records after the records", () => {
    const records = encode("Scopes", { records: [Buffer.alloc(0)] });
    const scopes = protobuf.Writer.create()
      .uint32(0x12)
      .bytes(join(records, named("cart")))
      .finish();
    const attributes = [{ key: "service.name", value: { string_value: "checkout" } }];
    const resource = encode("Resources", { resource: { attributes }, schema_url: "passed over" });
    const body = protobuf.Writer.create().uint32(0x0a).bytes(join(scopes, resource)).finish();
    expect(decodeLogs(body, { encoding: "protobuf", receivedAtMs: 5 })).toMatchObject({
      rejected: [],
      records: [{ service: "checkout", atMs: 5, attributes: { "otel.scope.name": "cart" } }],
    });
  });

  it("may hold what a metric is after its points", () => {
    const points = encode("Sum", {
      points: [
        { time: 1e15, value: -2 },
        { time: 1e15, value: 3 },
      ],
    });
    const sum = join(points, encode("Sum", { temporality: 1, monotonic: true }));
    const data = protobuf.Writer.create().uint32(0x3a).bytes(sum).finish();
    const metric = join(data, encode("Metric", { name: "jobs" }));
    const body = encode("Request", { resources: [{ scopes: [{ records: [metric] }] }] });
    expect(decodeMetrics(body, { encoding: "protobuf" }).records).toMatchObject([
      { name: "jobs_total", kind: "delta", values: [-2], timesMs: [1e9] },
      { name: "jobs_total", kind: "delta", values: [3] },
    ]);
  });
});

const named = (name: string): Uint8Array => encode("Scopes", { scope: { name } });
