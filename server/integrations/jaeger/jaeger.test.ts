import { afterAll, describe, expect, it } from "vitest";
import { describeTraceSourceContract } from "../../testing/contracts/trace-source-contract.ts";
import { startJaegerDouble, startJaegerV3Double } from "../../testing/doubles/trace-doubles.ts";
import { serveAnswers } from "../../testing/serve-answers.ts";
import { createOutboundClient } from "../http/client.ts";
import { createJaegerSource } from "./index.ts";
import { spansOf, summaryOf, TraceJson } from "./mapper.ts";

const http = createOutboundClient({ allow: [], deny: [] });
afterAll(() => http.close());
const sourceAt = (url: string) => createJaegerSource({ url, headers: {}, http });

describeTraceSourceContract("Jaeger (the API of its pages)", async (spans) => {
  const double = await startJaegerDouble(spans);
  return { source: sourceAt(double.url), stop: double.stop };
});

describeTraceSourceContract("Jaeger (API v3)", async (spans) => {
  const double = await startJaegerV3Double(spans);
  return { source: sourceAt(double.url), stop: double.stop };
});

describe("Jaeger's shapes", () => {
  const trace = TraceJson.parse({
    traceID: "ABC123",
    spans: [
      {
        ...{ traceID: "ABC123", spanID: "1F", operationName: "job", startTime: 1_700_000_000_000_500, duration: 1_500 },
        tags: [{ key: "error", type: "bool", value: true }],
        logs: [{ timestamp: 1_700_000_000_001_000, fields: [{ key: "message", value: "hello" }] }],
        references: [{ refType: "FOLLOWS_FROM", traceID: "ABC123", spanID: "2" }],
      },
    ],
  });

  it("become spans with full ids, milliseconds and a status, whatever is left out", () => {
    expect(spansOf(trace)).toEqual([
      {
        ...{ traceId: "abc123".padStart(32, "0"), spanId: "1f".padStart(16, "0"), parentSpanId: null },
        ...{ service: "", environment: "", version: "", instance: "", name: "job", kind: "internal" },
        ...{ status: "error", statusMessage: "", startMs: 1_700_000_000_000.5, durationMs: 1.5 },
        attributes: { error: true },
        events: [{ atMs: 1_700_000_000_001, name: "log", attributes: { message: "hello" } }],
        links: [{ traceId: "abc123".padStart(32, "0"), spanId: "2".padStart(16, "0"), attributes: {} }],
      },
    ]);
  });

  it("have no summary without spans", () => {
    expect(summaryOf([])).toBeNull();
  });
});

describe("A Jaeger that cannot be used", () => {
  it.each([
    [503, "", "UPSTREAM_UNAVAILABLE", "status 503"],
    [401, "", "UPSTREAM_REJECTED", "monitoringConfig.endpointHeaders"],
    [200, "<html>", "UPSTREAM_REJECTED", "query service"],
    [200, '{"data":[{"spans":7}]}', "UPSTREAM_REJECTED", "another shape"],
    [400, "parameter 'service' is required", "INVALID", "'service' is required"],
  ])("answers %i %s: %s", async (...[status, body, code, message]) => {
    const server = await serveAnswers(() => ({ status, body }));
    const window = { from: new Date(0), to: new Date(60_000) };
    const asking = sourceAt(server.url).list({ window, filter: { service: "checkout" }, limit: 5 });
    await expect(asking).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    await server.stop();
  });

  it("is asked anew which API it has after it was away", async () => {
    let status = 503;
    const server = await serveAnswers((path) =>
      status === 200 && path.startsWith("/api/v3") ? { status, body: '{"services":["a"]}' } : { status, body: "" },
    );
    const source = sourceAt(server.url);
    const window = { from: new Date(0), to: new Date(60_000) };
    await expect(source.services(window)).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
    status = 200;
    expect((await source.services(window)).data).toEqual(["a"]);
    await server.stop();
  });
});
