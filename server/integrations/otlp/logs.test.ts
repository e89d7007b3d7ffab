import { describe, expect, it } from "vitest";
import { logBodies } from "../../testing/telemetry/sdk-bodies.ts";
import { decodeLogs } from "./logs.ts";

const AT = Date.UTC(2026, 2, 1, 12);
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

/** One record in JSON, as a shell script would send it. */
function decoded(record: object, resource: object[] = []) {
  const request = { resourceLogs: [{ resource: { attributes: resource }, scopeLogs: [{ logRecords: [record] }] }] };
  const result = decodeLogs(Buffer.from(JSON.stringify(request)), { encoding: "json", receivedAtMs: AT });
  expect(result.rejected).toEqual([]);
  return result.records[0];
}
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

describe("logs of the SDK", () => {
  it("mean the same in protobuf and in JSON", async () => {
    const bodies = await logBodies((logger) => {
      logger.emit({
        timestamp: [1_772_366_400, 123_456_789],
        severityNumber: 17,
        severityText: "ERROR",
        body: "payment refused",
        attributes: {
          "http.route": "/pay",
          attempt: 3,
          ratio: 0.25,
          big: Number.MAX_SAFE_INTEGER,
          negative: -5,
          ok: false,
          tags: ["a", "ü"],
          nested: { deep: { er: [1, { x: "y" }] } },
          bytes: new Uint8Array([1, 2, 255]),
        },
      });
      logger.emit({ body: { message: "structured", order: 17 }, eventName: "order.placed" });
      logger.emit({ body: ["a", 1], severityText: "Warning" });
    });
    const protobuf = decodeLogs(bodies.protobuf, { encoding: "protobuf", receivedAtMs: AT });
    const json = decodeLogs(bodies.json, { encoding: "json", receivedAtMs: AT });
    expect(protobuf.rejected).toEqual([]);
    expect(protobuf.records).toHaveLength(3);
    expect(json).toEqual(protobuf);
    const [first, second, third] = protobuf.records;
    expect(first).toEqual({
      service: "checkout",
      environment: "production",
      version: "1.4.2",
      instance: "checkout-7",
      atMs: 1_772_366_400_123.456,
      severity: 17,
      body: "payment refused",
      attributes: {
        "host.name": "node-3",
        "k8s.namespace.name": "shop",
        "otel.scope.name": "cart",
        "http.route": "/pay",
        attempt: 3,
        ratio: 0.25,
        big: Number.MAX_SAFE_INTEGER,
        negative: -5,
        ok: false,
        tags: ["a", "ü"],
        nested: { deep: { er: [1, { x: "y" }] } },
        bytes: "AQL/",
      },
      traceId: null,
      spanId: null,
    });
    expect(second).toMatchObject({ body: "structured", attributes: { order: 17, "event.name": "order.placed" } });
    expect(third).toMatchObject({ body: '["a",1]', severity: 13 });
  });
});

describe("a log record", () => {
  it.each([
    ["its own time first", { timeUnixNano: "1772366400000001999", observedTimeUnixNano: "5" }, 1_772_366_400_000.001],
    ["else when it was observed", { timeUnixNano: "0", observedTimeUnixNano: 1_772_366_400_000_000_000 }, AT],
    ["else when it came", {}, AT],
  ])("takes %s", (_, times, atMs) => {
    expect(decoded(times)?.atMs).toBe(atMs);
  });

  it.each([
    ["its number", { severityNumber: 10 }, 10],
    ["its number's name", { severityNumber: "SEVERITY_NUMBER_WARN2" }, 14],
    ["its word without a number", { severityText: "CRITICAL" }, 21],
    ["its word with a number of 0", { severityNumber: 0, severityText: "info3" }, 11],
    ["its word with a number that is none", { severityNumber: 99, severityText: "debug" }, 5],
    ["nothing", { severityText: "shrug" }, 0],
  ])("takes its severity from %s", (_, said, severity) => {
    expect(decoded(said)?.severity).toBe(severity);
  });

  it.each([
    ["in capitals", TRACE.toUpperCase(), SPAN.toUpperCase(), TRACE, SPAN],
    ["of zeros", "0".repeat(32), "0".repeat(16), null, null],
    ["of a wrong length", TRACE.slice(2), `${SPAN}00`, null, null],
    ["that are no text", 17, { id: SPAN }, null, null],
    ["in base64", "CvdlGRbNQ92ESOshHIAxnA==", "t61rcWkgMzE=", null, null],
  ])("with ids %s is kept", (_, traceId, spanId, trace, span) => {
    expect(decoded({ traceId, spanId })).toMatchObject({ traceId: trace, spanId: span });
  });

  it("is read in the names of the .proto file, too", () => {
    const body = Buffer.from(
      JSON.stringify({
        resource_logs: [{ scope_logs: [{ log_records: [{ time_unix_nano: "1000000", body: { int_value: "7" } }] }] }],
      }),
    );
    const { records } = decodeLogs(body, { encoding: "json", receivedAtMs: AT });
    expect(records).toMatchObject([{ atMs: 1, body: "7", service: "unknown_service" }]);
  });

  it("takes its origin from older and other names", () => {
    const resource = [
      text("deployment.environment", "staging"),
      text("k8s.pod.name", "cart-0"),
      text("host.name", "n"),
    ];
    expect(decoded({}, resource)).toMatchObject({ environment: "staging", instance: "cart-0", version: "" });
  });

  it("holds nothing that PostgreSQL refuses", () => {
    const record = decoded({ body: { stringValue: "a\0b\ud800c" }, attributes: [text("k\0", "\udfff")] });
    expect(record?.body).toBe("a\ufffdb\ufffdc");
    expect(record?.attributes).toEqual({ "k\ufffd": "\ufffd" });
  });

  it("is cut where it is long, deep or wide", () => {
    let deep: object = { stringValue: "bottom" };
    for (let i = 0; i < 50; i++) deep = { arrayValue: { values: [deep] } };
    const attributes = [
      ...[{ key: "deep", value: deep }, text("long", "x".repeat(10_000))],
      ...Array.from({ length: 200 }, (_, i) => text(`a${i}`, "")),
    ];
    const record = decoded({ body: { stringValue: "y".repeat(40_000) }, attributes });
    expect(record?.body).toBe(`${"y".repeat(32 * 1024 - 1)}…`);
    expect(record?.attributes.long).toBe(`${"x".repeat(4095)}…`);
    expect(JSON.stringify(record?.attributes.deep)).toBe(`${"[".repeat(8)}"…"${"]".repeat(8)}`);
    expect(Object.keys(record?.attributes ?? {})).toHaveLength(129);
    expect(record?.attributes["operate.dropped_attributes"]).toBe(74);
  });

  it("cannot reach a prototype", () => {
    const value = { kvlistValue: { values: [text("__proto__", "x"), text("polluted", "yes")] } };
    const record = decoded({
      attributes: [
        { key: "__proto__", value },
        { key: "constructor", value },
      ],
    });
    expect(record?.attributes).toEqual({ constructor: { polluted: "yes" } });
    expect(Object.getPrototypeOf(record?.attributes)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("a batch", () => {
  const batch = (records: unknown[], maxRecords?: number) =>
    decodeLogs(Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] })), {
      encoding: "json",
      receivedAtMs: AT,
      ...(maxRecords === undefined ? {} : { maxRecords }),
    });

  it("is kept but for its bad records, which are counted with an example", () => {
    const result = batch([{}, "text", { attributes: [{ key: "a", value: { kvlistValue: { values: 7 } } }] }, {}]);
    expect(result.records).toHaveLength(2);
    expect(result.rejected).toEqual([
      {
        reason: "a log record cannot be read",
        count: 2,
        example: "resourceLogs[0].scopeLogs[0].logRecords[1] must be an object, not string.",
      },
    ]);
  });

  it("is kept up to its limit", () => {
    const result = batch([{}, {}, {}, {}], 3);
    expect(result.records).toHaveLength(3);
    expect(result.rejected).toMatchObject([{ count: 1, reason: expect.stringContaining("send smaller batches") }]);
  });

  it.each([
    ["no JSON", "{", "The body is not JSON"],
    ["no object", "[]", "body must be an object, not a list."],
    ["a list elsewhere", '{"resourceLogs":{}}', "resourceLogs must be a list, not object."],
    ["a bad scope", '{"resourceLogs":[{},{"scopeLogs":[1]}]}', "resourceLogs[1].scopeLogs[0] must be an object"],
    [
      "a bad resource",
      '{"resourceLogs":[{"resource":{"attributes":[{"key":1}]}}]}',
      "resourceLogs[0].resource.attributes[0].key must be text, not number.",
    ],
  ])("with %s is refused, and told where", (_, body, message) => {
    expect(() => decodeLogs(Buffer.from(body), { encoding: "json", receivedAtMs: AT })).toThrow(message);
  });
});
