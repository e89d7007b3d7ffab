import protobuf from "protobufjs";
import { afterAll, describe, expect, it } from "vitest";
import type { SpanRecord } from "../../agent/ports/telemetry.ts";
import { describeTraceSourceContract } from "../../testing/contracts/trace-source-contract.ts";
import { otlp, startTempoDouble } from "../../testing/doubles/trace-doubles.ts";
import { serveAnswers } from "../../testing/serve-answers.ts";
import { createOutboundClient } from "../http/client.ts";
import { createTempoSource } from "./index.ts";
import { traceqlOf } from "./traceql.ts";

const http = createOutboundClient({ allow: [], deny: [] });
afterAll(() => http.close());
const sourceAt = (url: string) => createTempoSource({ url, headers: {}, http });

/** tempopb.Trace with what of opentelemetry/proto/trace/v1 the spans use. */
const TEMPO = `
  syntax = "proto3";
  message Trace { repeated ResourceSpans resourceSpans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopeSpans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes traceId = 1; bytes spanId = 2; bytes parentSpanId = 4; string name = 5; int32 kind = 6;
    fixed64 startTimeUnixNano = 7; fixed64 endTimeUnixNano = 8;
    repeated KeyValue attributes = 9; repeated Event events = 11; repeated Link links = 13; Status status = 15;
  }
  message Event { fixed64 timeUnixNano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes traceId = 1; bytes spanId = 2; repeated KeyValue attributes = 4; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string stringValue = 1; int64 intValue = 3; } }
`;
const Trace = protobuf.parse(TEMPO).root.lookupType("Trace");
const IDS = new Set(["traceId", "spanId", "parentSpanId"]);
/** protobuf.js reads bytes from base64 */
const inBase64 = (key: string, value: unknown): unknown =>
  IDS.has(key) ? Buffer.from(String(value), "hex").toString("base64") : value;
const encode = (spans: readonly SpanRecord[]): Uint8Array =>
  Trace.encode(Trace.fromObject(JSON.parse(JSON.stringify(otlp(spans), inBase64)))).finish();

describeTraceSourceContract("Tempo (its published API)", async (spans) => {
  const double = await startTempoDouble(spans, encode);
  return { source: sourceAt(double.url), stop: double.stop };
});

describe("TraceQL of a filter", () => {
  it("asks for one span that fulfils everything, and for a failed one beside it", () => {
    expect(traceqlOf({})).toBe("{  }");
    expect(traceqlOf({ service: 'a"b', operation: "GET /", minDurationMs: 1.5 })).toBe(
      '{ resource.service.name = "a\\"b" && name = "GET /" && traceDuration >= 1500us }',
    );
    expect(traceqlOf({ environment: "production", version: "1", maxDurationMs: 9, onlyErrors: true })).toBe(
      '{ (resource.deployment.environment.name = "production" || resource.deployment.environment = "production") && resource.service.version = "1" && traceDuration <= 9000us } && { status = error }',
    );
  });
});

describe("A Tempo that cannot be used", () => {
  it.each([
    [500, "", "UPSTREAM_UNAVAILABLE", "status 500"],
    [400, "invalid TraceQL query", "INVALID", "invalid TraceQL query"],
    [200, "<html>", "UPSTREAM_REJECTED", "the address of Tempo"],
    [200, '{"traces":[{}]}', "UPSTREAM_REJECTED", "another shape"],
    [404, "page not found", "UPSTREAM_REJECTED", "answered 404"],
  ])("answers %i %s: %s", async (...[status, body, code, message]) => {
    const server = await serveAnswers(() => ({ status, body }));
    const window = { from: new Date(0), to: new Date(60_000) };
    const asking = sourceAt(server.url).list({ window, filter: {}, limit: 5 });
    await expect(asking).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    await server.stop();
  });
});
