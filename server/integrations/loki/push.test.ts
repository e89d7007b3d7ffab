import snappyjs from "snappyjs";
import { describe, expect, it } from "vitest";
import { tryDamaged, tryOddJson, tryRandomBytes, tryTruncated } from "../../testing/telemetry/hostile-bodies.ts";
import { pushRequest } from "../../testing/telemetry/wire.ts";
import { decodePush } from "./push.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const LIMITS = { maxBytes: 2 ** 20 };
const inJson = (body: Uint8Array) => decodePush(body, { contentType: "application/json", ...LIMITS });
const inProtobuf = (body: Uint8Array) => decodePush(body, { contentType: "application/x-protobuf", ...LIMITS });
const json = (streams: unknown) => Buffer.from(JSON.stringify({ streams }));

const STREAM = { service_name: "cart", env: "prod", pod: "cart-0", namespace: "shop", detected_level: "Warning" };
const AS_JSON = [
  {
    stream: STREAM,
    values: [
      ["1772366400123456789", "first"],
      ["1772366400123457000", "second", { trace_id: TRACE, span_id: "b7ad6b7169203331", user: "17" }],
    ],
  },
];
const AS_PROTOBUF = [
  {
    labels: '{service_name="cart", env="prod", pod="cart-0", namespace="shop", detected_level="Warning"}',
    entries: [
      { timestamp: { seconds: 1_772_366_400, nanos: 123_456_789 }, line: "first" },
      {
        timestamp: { seconds: 1_772_366_400, nanos: 123_457_000 },
        line: "second",
        structuredMetadata: [
          { name: "trace_id", value: TRACE },
          { name: "span_id", value: "b7ad6b7169203331" },
          { name: "user", value: "17" },
        ],
      },
    ],
  },
];

describe("a push", () => {
  it("means the same in JSON and in protobuf", () => {
    const decoded = inJson(json(AS_JSON));
    expect(inProtobuf(pushRequest(AS_PROTOBUF))).toEqual(decoded);
    expect(decoded).toEqual({
      rejected: [],
      records: [
        {
          service: "cart",
          environment: "prod",
          version: "",
          instance: "cart-0",
          atMs: 1_772_366_400_123.456,
          text: "first",
          severity: 13,
          attributes: { namespace: "shop" },
          traceId: null,
          spanId: null,
        },
        expect.objectContaining({
          text: "second",
          attributes: { namespace: "shop", user: "17" },
          traceId: TRACE,
          spanId: "b7ad6b7169203331",
        }),
      ],
    });
  });

  it.each([
    [{ app: "a", job: "j", container: "c" }, "a", { job: "j", container: "c" }],
    [{ job: "j", container: "c" }, "j", { container: "c" }],
    [{ container: "c" }, "c", {}],
    [{ filename: "/var/log/syslog" }, "unknown_service", { filename: "/var/log/syslog" }],
    [{ service_name: "", service: "s" }, "s", { service_name: "" }],
  ])("with labels %j is of service %s", (stream, service, attributes) => {
    const { records } = inJson(json([{ stream, values: [["1772366400000000000", "x"]] }]));
    expect(records).toMatchObject([{ service, attributes }]);
  });

  it("keeps its good entries and says what was wrong with the others", () => {
    const values = [["1772366400000000000", "good"], ["noon", "when"], ["1772366400000000000"], [5, "x"], "text"];
    const { records, rejected } = inJson(json([{ stream: STREAM, values }]));
    expect(records.map(({ text }) => text)).toEqual(["good", ""]);
    expect(rejected).toEqual([
      {
        reason: "an entry cannot be read: it must be [nanoseconds as text, line, labels]",
        count: 2,
        example: "streams[0].values[3].[0] must be text, not number.",
      },
      { reason: "an entry needs its time", count: 1, example: "when" },
    ]);
  });

  it("loses a stream whose labels cannot be read, and no other", () => {
    const entries = [{ timestamp: { seconds: 1, nanos: 0 }, line: "x" }];
    const streams = [
      { labels: "{a=1}", entries: [...entries, ...entries] },
      { labels: '{a="1"}', entries },
    ];
    const { records, rejected } = inProtobuf(pushRequest(streams));
    expect(records).toHaveLength(1);
    expect(rejected).toEqual([
      {
        reason: 'the labels of a stream cannot be read: name="value" is expected at column 2',
        count: 2,
        example: "{a=1}",
      },
    ]);
  });

  it("keeps long lines to Loki's own limit", () => {
    const { records } = inJson(json([{ stream: STREAM, values: [["1772366400000000000", "x".repeat(300_000)]] }]));
    expect(records[0]?.text).toHaveLength(256 * 1024);
  });

  it.each([
    ["a type it does not know", "text/csv", "", "application/json or application/x-protobuf"],
    ["bytes that are not compressed", "application/x-protobuf", "plain", "The snappy block is broken"],
    ["streams that are no list", "application/json", '{"streams":{"a":1}}', "streams must be a list, not object."],
    ["a bad label", "application/json", '{"streams":[{"stream":{"a":1}}]}', "streams[0].stream.a must be text"],
  ])("with %s is refused", (_, contentType, body, message) => {
    expect(() => decodePush(Buffer.from(body), { contentType, ...LIMITS })).toThrow(message);
  });

  it("that would be too large is refused before it is decompressed", () => {
    const block = snappyjs.compress(Buffer.alloc(100_000, "a"));
    expect(() => decodePush(block, { contentType: undefined, maxBytes: 50_000 })).toThrow("more than 50000 bytes");
  });
});

describe("a hostile push", () => {
  it("of random or cut bytes is refused", () => {
    tryRandomBytes(inProtobuf);
    tryRandomBytes(inJson);
    tryTruncated(inProtobuf, pushRequest(AS_PROTOBUF));
    tryTruncated(inJson, json(AS_JSON));
  });

  it("of damaged bytes does no harm, before and after compression", () => {
    const block = pushRequest(AS_PROTOBUF);
    tryDamaged(inProtobuf, block);
    tryDamaged(inProtobuf, snappyjs.uncompress(block), snappyjs.compress);
    tryDamaged(inJson, json(AS_JSON));
  });

  it("of JSON of another shape does no harm", () => {
    tryOddJson(inJson, { streams: AS_JSON });
  });
});
