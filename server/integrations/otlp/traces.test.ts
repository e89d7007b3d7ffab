import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { traceBodies } from "../../testing/telemetry/sdk-bodies.ts";
import { decodeTraces } from "./traces.ts";

const IDS = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const LINKED = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
const START = "1772366400000000000";

function decoded(spans: unknown[]) {
  const request = { resourceSpans: [{ scopeSpans: [{ spans }] }] };
  return decodeTraces(Buffer.from(JSON.stringify(request)), { encoding: "json" });
}

describe("spans of the SDK", () => {
  it("mean the same in protobuf and in JSON", async () => {
    const bodies = await traceBodies((tracer) => {
      const parent = tracer.startSpan("POST /pay", {
        kind: SpanKind.SERVER,
        startTime: [1_772_366_400, 1_500],
        attributes: { "http.request.method": "POST", "http.response.status_code": 502 },
      });
      const inParent = trace.setSpan(context.active(), parent);
      const links = [{ context: { ...LINKED, traceFlags: 1 }, attributes: { "messaging.batch": 3 } }];
      const kind = SpanKind.CLIENT;
      const child = tracer.startSpan("charge", { kind, startTime: [1_772_366_400, 2_000], links }, inParent);
      child.addEvent("retry", { attempt: 2 }, [1_772_366_400, 3_000]);
      child.setStatus({ code: SpanStatusCode.ERROR, message: "card declined" });
      child.end([1_772_366_400, 250_002_000]);
      parent.end([1_772_366_401, 1_500]);
    });
    const protobuf = decodeTraces(bodies.protobuf, { encoding: "protobuf" });
    expect(decodeTraces(bodies.json, { encoding: "json" })).toEqual(protobuf);
    expect(protobuf.rejected).toEqual([]);
    const [child, parent] = protobuf.records;
    expect(child).toEqual({
      service: "checkout",
      environment: "production",
      version: "1.4.2",
      instance: "checkout-7",
      traceId: parent?.traceId,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      parentSpanId: parent?.spanId,
      name: "charge",
      kind: "client",
      status: "error",
      statusMessage: "card declined",
      startMs: 1_772_366_400_000.002,
      durationMs: 250,
      attributes: { "host.name": "node-3", "k8s.namespace.name": "shop", "otel.scope.name": "http" },
      events: [{ atMs: 1_772_366_400_000.003, name: "retry", attributes: { attempt: 2 } }],
      links: [{ ...LINKED, attributes: { "messaging.batch": 3 } }],
    });
    expect(parent).toMatchObject({ kind: "server", status: "unset", parentSpanId: null, durationMs: 1000 });
    expect(parent?.traceId).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("a span", () => {
  it.each([
    ["without a trace id", { ...IDS, traceId: "" }, "a span needs a trace id of 16 bytes"],
    ["with a span id of zeros", { ...IDS, spanId: "0".repeat(16) }, "a span needs a trace id of 16 bytes"],
    ["without a start", { ...IDS, startTimeUnixNano: 0 }, "a span needs its start time"],
    ["with a bad event", { ...IDS, events: [{ timeUnixNano: "noon" }] }, "a span cannot be read"],
  ])("%s is rejected, and the others are kept", (_, said, reason) => {
    const good = { ...IDS, startTimeUnixNano: START };
    const { records, rejected } = decoded([good, { startTimeUnixNano: START, name: "bad", ...said }, good]);
    expect(records).toHaveLength(2);
    expect(rejected).toMatchObject([{ count: 1, reason: expect.stringContaining(reason) }]);
  });

  it("that ends before it starts lasts no time, and says so", () => {
    const { records } = decoded([{ ...IDS, startTimeUnixNano: START, endTimeUnixNano: "1772366399987500000" }]);
    expect(records).toMatchObject([{ durationMs: 0, attributes: { "operate.end_before_start_ms": 12.5 } }]);
  });

  it("that does not say its end lasts no time", () => {
    const { records } = decoded([{ ...IDS, startTimeUnixNano: START }]);
    expect(records).toMatchObject([{ durationMs: 0, attributes: {} }]);
  });

  it.each([
    [{ kind: 2, status: { code: 2 } }, "server", "error"],
    [{ kind: "SPAN_KIND_CONSUMER", status: { code: "STATUS_CODE_OK" } }, "consumer", "ok"],
    [{ kind: "PRODUCER" }, "producer", "unset"],
    [{ kind: 99, status: { code: -1 } }, "internal", "unset"],
  ])("%o is of kind %s and status %s", (said, kind, status) => {
    expect(decoded([{ ...IDS, startTimeUnixNano: START, ...said }]).records).toMatchObject([{ kind, status }]);
  });

  it("keeps the first of very many events", () => {
    const events = Array.from({ length: 300 }, (_, i) => ({ timeUnixNano: START, name: `event ${i}` }));
    const [span] = decoded([{ ...IDS, startTimeUnixNano: START, events }]).records;
    expect(span?.events).toHaveLength(128);
    expect(span?.attributes["operate.dropped_events"]).toBe(172);
  });

  it("keeps the first of very many links, and none that leads nowhere", () => {
    const links = Array.from({ length: 300 }, (_, i) => ({
      ...LINKED,
      attributes: [],
      ...(i === 3 && { spanId: "" }),
    }));
    const [span] = decoded([{ ...IDS, startTimeUnixNano: START, links }]).records;
    expect(span?.links).toHaveLength(127);
    expect(span?.attributes["operate.dropped_links"]).toBe(173);
  });
});
