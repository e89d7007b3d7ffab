import { describe, expect, it } from "vitest";
import { actor, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { FakeTelemetry } from "#server/testing/doubles/fake-telemetry.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { FOR_MODELS } from "../kernel/reader-budget.ts";
import { OperateAgent } from "../operate-agent.ts";
import type { Answer, SourceKind } from "../ports/source.ts";
import type { SpanRecord } from "../ports/telemetry.ts";
import type { TelemetryStore } from "../ports/telemetry-store.ts";
import type { TraceSource } from "../ports/trace-source.ts";
import { bucketOf, emptyHistogram } from "../telemetry/histogram.ts";
import { getTrace, listTraces, serviceMap, traceFacets } from "./index.ts";
import { GetTraceInput, ListTracesInput, ServiceMapInput } from "./schema.ts";

const database = useDatabase();
const NOW = new Date("2026-03-01T12:00:00.000Z");
const WINDOW = { startTime: "2026-03-01T11:00:00.000Z", endTime: NOW.toISOString() };
const ID = "ab".repeat(16);

const refuse = (): never => {
  throw new AppError("UPSTREAM_UNAVAILABLE", "This test asks for nothing of the kind.");
};
/** A source that answers what it is given. */
function source(given: Partial<TraceSource>, kind: SourceKind = "built-in"): TraceSource {
  const info = { kind, address: kind === "built-in" ? null : "http://traces.example" };
  const nothing = { list: refuse, get: refuse, linksTo: null, services: refuse, operations: refuse };
  return { info, ...nothing, ...{ edges: null, served: null }, ...given };
}
const answered = <T>(data: T, kind: SourceKind = "built-in"): Answer<T> => ({
  data,
  source: source({}, kind).info,
  asOf: NOW.toISOString(),
  stale: false,
});

const context = (traces: TraceSource, overrides: Partial<AgentContext> = {}) =>
  testContext(database, { telemetry: new FakeTelemetry({ traces }), now: () => NOW, ...overrides });

const span = (spanId: string, parentSpanId: string | null, more: Partial<SpanRecord> = {}): SpanRecord => ({
  ...{ traceId: ID, spanId, parentSpanId, name: `op-${spanId}`, kind: "server", status: "unset", statusMessage: "" },
  ...{ startMs: NOW.getTime(), durationMs: 100, attributes: {}, events: [], links: [] },
  ...{ service: "checkout", environment: "production", version: "1.0.0", instance: "i-1" },
  ...more,
});

describe("list_traces", () => {
  const trace = {
    ...{ traceId: ID, rootService: "gateway", rootName: "n".repeat(300), startAt: NOW.toISOString() },
    ...{ durationMs: 12.5, spans: 3, errors: 1, services: Array.from({ length: 40 }, (_, i) => `service-${i}`) },
  };
  const asked: unknown[] = [];
  const traces = source({
    list: async (query) => {
      asked.push(query);
      return answered({ items: Array.from({ length: query.limit }, () => trace), nextCursor: "more" });
    },
  });

  it("asks with the filter and window that were given, and says who answered", async () => {
    const ctx = context(traces);
    const filter = { service: "checkout", environment: "production", onlyErrors: true, minDurationMs: 5 };
    const page = await listTraces(ctx, ListTracesInput.parse({ ...WINDOW, ...filter, limit: 2, cursor: "here" }));
    expect(asked.at(-1)).toMatchObject({
      window: { from: new Date(WINDOW.startTime), to: NOW },
      ...{ filter, limit: 2, cursor: "here" },
    });
    expect(page).toEqual({
      source: { kind: "built-in", address: null, asOf: NOW.toISOString(), stale: false },
      ...{ nextCursor: "more", items: [trace, trace] },
    });
    expect((ctx.telemetry as FakeTelemetry).wanted).toEqual([{ service: "checkout", home: undefined }]);
  });

  it("keeps a model's page small, whatever is asked for", async () => {
    const page = await listTraces(
      context(traces, { reader: FOR_MODELS }),
      ListTracesInput.parse({ ...WINDOW, limit: 200 }),
    );
    expect(page.items.length).toBeGreaterThan(20);
    expect(JSON.stringify(page).length).toBeLessThan(FOR_MODELS.bytes);
    expect(page.nextCursor).toBe("more");
  });

  it("refuses a window that ends before it begins", async () => {
    const input = ListTracesInput.parse({ startTime: WINDOW.endTime, endTime: WINDOW.startTime });
    await expect(listTraces(context(traces), input)).rejects.toMatchObject({ code: "INVALID" });
  });

  it("is nothing for somebody who may only send", async () => {
    const ctx = context(traces, { actor: actor({ role: "ingest" }) });
    await expect(listTraces(ctx, ListTracesInput.parse(WINDOW))).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(serviceMap(ctx, ServiceMapInput.parse({}))).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(getTrace(ctx, GetTraceInput.parse({ traceId: ID }))).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("names what one can filter by: operations once there is a service", async () => {
    const ctx = context(
      source({
        services: async () => answered(["a", "b"]),
        operations: async ({ service }) => ({ ...answered([`GET /${service}`]), stale: true }),
      }),
    );
    expect(await traceFacets(ctx, WINDOW)).toMatchObject({ services: ["a", "b"], operations: [] });
    expect(await traceFacets(ctx, { ...WINDOW, service: "a" })).toMatchObject({
      operations: ["GET /a"],
      source: { stale: true },
    });
  });
});

describe("get_trace", () => {
  it("is a waterfall with its sentence, by service", async () => {
    const records = [
      span("a", null, { service: "gateway" }),
      span("b", "a", { startMs: NOW.getTime() + 10, durationMs: 80, status: "error", statusMessage: "no money" }),
    ];
    const ctx = context(source({ get: async () => answered(records) }));
    const trace = await getTrace(ctx, GetTraceInput.parse({ traceId: ID.toUpperCase() }));
    expect(trace).toMatchObject({
      ...{ traceId: ID, startAt: NOW.toISOString(), durationMs: 100, spanCount: 2, errorCount: 1, truncated: false },
      summary:
        "op-a of gateway took 100 ms: checkout 80 ms, gateway 20 ms. 1 of 2 spans failed, op-b of checkout: no money.",
      environment: "production",
      services: [
        { service: "checkout", spans: 1, selfMs: 80 },
        { service: "gateway", spans: 1, selfMs: 20 },
      ],
      spans: [
        { spanId: "a", parentSpanId: null, depth: 0, startOffsetMs: 0, selfMs: 20, onCriticalPath: true },
        { spanId: "b", parentSpanId: "a", depth: 1, startOffsetMs: 10, durationMs: 80 },
      ],
    });
  });

  it("is found in the built-in store when the external source does not have it, and nowhere else", async () => {
    const external = source({ get: async () => answered(null, "jaeger") }, "jaeger");
    const store = { traces: source({ get: async () => answered([span("a", null)]) }) } as TelemetryStore;
    const telemetry = new FakeTelemetry({ traces: external, store });
    const input = { traceId: ID };
    const found = await getTrace(context(external, { telemetry }), GetTraceInput.parse(input));
    expect(found.source.kind).toBe("built-in");
    const there = GetTraceInput.parse({ ...input, source: "external" });
    await expect(getTrace(context(external, { telemetry }), there)).rejects.toMatchObject({
      code: "NOT_FOUND",
      details: { asked: ["jaeger"] },
    });
  });

  it("is cut to the limit and says so", async () => {
    const records = [span("root", null), ...Array.from({ length: 500 }, (_, i) => span(`s${i}`, "root"))];
    const ctx = context(source({ get: async () => answered(records) }));
    const trace = await getTrace(ctx, GetTraceInput.parse({ traceId: ID, limit: 50 }));
    expect(trace).toMatchObject({ truncated: true, spanCount: 501 });
    expect(trace.spans).toHaveLength(50);
  });

  it.each([
    ["many spans", 5_000, {}],
    ["long texts", 300, { name: "é".repeat(3_000), statusMessage: "x".repeat(9_000), service: "s".repeat(4_000) }],
    [
      "many attributes and events",
      300,
      {
        attributes: Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`k${i}`.repeat(40), "😀".repeat(999)])),
        events: Array.from({ length: 50 }, () => ({
          ...{ atMs: NOW.getTime(), name: "exception" },
          attributes: { "exception.stacktrace": "at x\n".repeat(900) },
        })),
      },
    ],
  ])("fits into what a model reads with %s", async (_, count, more) => {
    const records = Array.from({ length: count }, (_, i) =>
      span(`s${i}`, i === 0 ? null : `s${Math.floor(i / 3)}`, { status: i % 7 ? "unset" : "error", ...more }),
    );
    const ctx = context(source({ get: async () => answered(records) }), { reader: FOR_MODELS });
    const trace = await getTrace(ctx, GetTraceInput.parse({ traceId: ID, limit: 5_000 }));
    expect(JSON.stringify(trace).length).toBeLessThan(FOR_MODELS.bytes);
    expect(trace).toMatchObject({ truncated: true, spanCount: count });
    expect(trace.spans.length).toBeGreaterThan(0);
  });
});

describe("get_service_map", () => {
  const latency = emptyHistogram();
  latency[bucketOf(20)] = 900;
  const seen: unknown[] = [];
  const traces = source({
    edges: async (query) => {
      seen.push(query);
      return answered([{ from: "checkout", to: "payments", calls: 900, errors: 9, latency }]);
    },
    served: async () => ({
      ...answered([{ service: "payments", calls: 900, errors: 9, latency, sinceMs: null }]),
      ...{ asOf: "2026-03-01T11:50:00.000Z", stale: true },
    }),
  });

  it("joins traces, configuration, health and the platform, for one environment", async () => {
    const check = { name: "payments", kind: "http", origin: "service", service: "payments", address: "x", shard: 0 };
    await database.db.healthTarget.createMany({
      data: ["staging", "production"].map((environment) => ({
        ...{ ...check, environment, id: `service:payments:${environment}`, spec: {}, stateSince: NOW },
        ...{ state: environment === "staging" ? "up" : "down", lastCheckedAt: NOW, intervalMs: 10_000 },
        ...{ timeoutMs: 1_000, failureThreshold: 3, successThreshold: 2 },
      })),
    });
    const ctx = context(traces, { config: testConfig() });
    for (const instance of ctx.platform.services.get("payments/production")!.instances) instance.version = "1.1.0";
    const production = await serviceMap(ctx, ServiceMapInput.parse({ environment: "production" }));
    expect(seen.at(-1)).toEqual({
      window: { from: new Date(NOW.getTime() - 910_000), to: new Date(NOW.getTime() - 10_000) },
      environment: "production",
    });
    expect(production).toMatchObject({
      summary:
        "Down in production: payments. payments fails most: 9 of 900 requests (1 %). 2 services, 1 connection seen in the last 15 min.",
      source: { stale: true, asOf: "2026-03-01T11:50:00.000Z" },
      truncated: false,
      nodes: [
        { id: "payments", health: "down", version: "1.1.0", requestsPerSecond: 1, errorPercent: 1, configured: true },
        { id: "checkout", health: "unknown", requestsPerSecond: null },
      ],
      edges: [{ from: "checkout", to: "payments", seen: true, configured: true, requests: 900 }],
    });
    const everywhere = await serviceMap(ctx, ServiceMapInput.parse({ range: "1h" }));
    expect(everywhere.nodes[0]).toMatchObject({ health: "down", version: null, requestsPerSecond: 0.25 });
  });

  it("knows its own by their addresses, when a call is all that was traced", async () => {
    const ctx = context(traces, { config: testConfig() });
    const [payments] = (await ctx.platform.workloads.listServices()).filter(({ service }) => service === "payments");
    if (!payments) throw new Error("no payments");
    const { host, hostname } = new URL(payments.url);
    const to = [host, `${hostname}:${payments.instances[0]?.port}`, "10.1.2.3:443"];
    const edges = async () => answered(to.map((one) => ({ from: "checkout", to: one, calls: 30, errors: 0, latency })));
    const map = await serviceMap(
      context(source({ edges, served: traces.served }), { config: testConfig(), platform: ctx.platform }),
      ServiceMapInput.parse({}),
    );
    expect(map.edges.map((edge) => [edge.to, edge.requests])).toEqual([
      ["payments", 60],
      ["10.1.2.3:443", 30],
    ]);
  });

  it("gives rates since the first trace when there are none of the whole range", async () => {
    const sinceMs = NOW.getTime() - 130_000; // the newest 10 s may lack spans

    const young = source({
      edges: async () => answered([{ from: "checkout", to: "payments", calls: 60, errors: 0, latency }]),
      served: async () => answered([{ service: "payments", calls: 240, errors: 0, latency, sinceMs }]),
    });
    const { nodes, edges } = await serviceMap(context(young), ServiceMapInput.parse({}));
    expect(nodes.find(({ id }) => id === "payments")?.requestsPerSecond).toBe(2);
    expect(edges[0]?.requestsPerSecond).toBe(0.5);
  });

  it("is there for scripts, too, within its schema", async () => {
    const agent = new OperateAgent({}, { runtime: context(traces) });
    const { nodes } = await agent.getServiceMap({ environment: "production" });
    expect(nodes.map(({ id }) => id).sort()).toEqual(["checkout", "payments"]);
    await expect(agent.getTrace({ traceId: "no" })).rejects.toMatchObject({ code: "INVALID" });
    await expect(agent.listTraces(WINDOW)).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
  });

  it("shows the configuration when the source knows nothing and the platform is away", async () => {
    const ctx = context(source({}));
    ctx.platform.unreachable = true;
    const map = await serviceMap(ctx, ServiceMapInput.parse({}));
    expect(map.summary).toContain("the source of traces does not say who calls whom");
    expect(map.nodes.map(({ id }) => id).sort()).toEqual(["checkout", "payments"]);
    expect(map.edges).toMatchObject([{ seen: false, configured: true }]);
  });
});
