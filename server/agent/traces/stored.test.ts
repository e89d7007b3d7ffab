import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCaller } from "#server/routers/index.ts";
import { createTelemetryStore } from "#server/telemetry-store/index.ts";
import { testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { FakeTelemetry } from "#server/testing/doubles/fake-telemetry.ts";
import { FOR_MODELS, FOR_PEOPLE } from "../kernel/reader-budget.ts";
import type { SpanRecord } from "../ports/telemetry.ts";

/** Traces as the routers give them, out of the built-in store. */

const database = useDatabase();
const NOW = new Date();
const WINDOW = {
  startTime: new Date(NOW.getTime() - 600_000).toISOString(),
  endTime: new Date(NOW.getTime() + 60_000).toISOString(),
};
const REQUESTS = 120;
const FAILED_EVERY = 20;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** Each order but the first follows from the one before it. */
const linksOf = (number: number, i: number): SpanRecord["links"] =>
  i === 2 && number > 0
    ? [{ traceId: hex(number, 32), spanId: hex((number - 1) * 16 + 3, 16), attributes: { why: "retry" } }]
    : [];

/** One order through gateway, checkout and payments, and a call of a bank that sends no spans. */
function order(number: number): SpanRecord[] {
  const failed = number % FAILED_EVERY === 0;
  const startMs = NOW.getTime() - 300_000 + number * 1_000;
  const rows: [service: string, name: string, kind: SpanRecord["kind"], fromMs: number, lengthMs: number][] = [
    ["gateway", "GET /checkout", "server", 0, 100],
    ["gateway", "GET /orders", "client", 5, 90],
    ["checkout", "GET /orders", "server", 6, 88],
    ["checkout", "GET /charges", "client", 20, 70],
    ["payments", "GET /charges", "server", 21, 68],
    ["payments", "charge card", "client", 25, 60],
  ];
  return rows.map(([service, name, kind, fromMs, lengthMs], i) => ({
    ...{ traceId: hex(number + 1, 32), spanId: hex(number * 16 + i + 1, 16), service, name, kind },
    parentSpanId: i === 0 ? null : hex(number * 16 + i, 16),
    status: failed && kind === "server" && i <= 2 ? "error" : "unset",
    statusMessage: failed && i === 2 ? "rounding error" : "",
    ...{ startMs: startMs + fromMs, durationMs: lengthMs, events: [], links: linksOf(number, i) },
    attributes: name === "charge card" ? { "peer.service": "bank" } : { "order.number": number },
    ...{ environment: number % 10 === 1 ? "staging" : "production", version: "1.0.0", instance: `${service}-1` },
  }));
}

let close: () => Promise<void>;
let agent: ReturnType<typeof testContext>;
let api: ReturnType<typeof createCaller>;
beforeAll(async () => {
  const config = testConfig();
  const store = createTelemetryStore({ databaseUrl: database.url, config: config.monitoringConfig });
  close = () => store.close();
  const spans = Array.from({ length: REQUESTS }, (_, i) => order(i)).flat();
  const written = await store.writeSpans(spans, { protocol: "otlp", name: "test" });
  expect(written).toEqual({ accepted: spans.length, rejected: [] });
  agent = testContext(database, { config, telemetry: new FakeTelemetry({ store }), via: "api" });
  api = createCaller({ agent, requestId: agent.requestId });
});
afterAll(() => close());

describe("traces of the built-in store", () => {
  it("are listed newest first, page by page, each once", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await api.traces.list({ ...WINDOW, limit: 50, cursor });
      seen.push(...page.items.map(({ traceId }) => traceId));
      cursor = page.nextCursor ?? undefined;
      expect(page.source.kind).toBe("built-in");
    } while (cursor);
    expect(seen).toEqual(Array.from({ length: REQUESTS }, (_, i) => hex(REQUESTS - i, 32)));
  });

  it("are found by what failed, where and how long", async () => {
    const failed = await api.traces.list({ ...WINDOW, service: "checkout", onlyErrors: true });
    expect(failed.items).toHaveLength(REQUESTS / FAILED_EVERY);
    expect(failed.items[0]).toMatchObject({
      ...{ rootService: "gateway", rootName: "GET /checkout", durationMs: 100, spans: 6, errors: 2 },
      services: ["checkout", "gateway", "payments"],
    });
    const staging = await api.traces.list({ ...WINDOW, environment: "staging", limit: 200 });
    expect(staging.items).toHaveLength(REQUESTS / 10);
    expect((await api.traces.list({ ...WINDOW, service: "checkout", minDurationMs: 95 })).items).toEqual([]);
  });

  it("offer what they can be filtered by", async () => {
    expect(await api.traces.facets({ ...WINDOW, service: "checkout" })).toMatchObject({
      services: ["checkout", "gateway", "payments"],
      operations: expect.arrayContaining(["GET /orders"]),
    });
  });

  it("are drawn with where the time went and what failed", async () => {
    const trace = await api.traces.get({ traceId: hex(FAILED_EVERY + 1, 32) });
    expect(trace.summary).toBe(
      "GET /checkout of gateway took 100 ms: payments waiting for bank 60 ms, checkout 20 ms, gateway 12 ms. 2 of 6 spans failed, first GET /orders of checkout: rounding error.",
    );
    expect(trace.spans.map(({ depth, service, selfMs }) => [depth, service, selfMs])).toEqual([
      [0, "gateway", 10],
      [1, "gateway", 2],
      [2, "checkout", 18],
      [3, "checkout", 2],
      [4, "payments", 8],
      [5, "payments", 60],
    ]);
    expect(trace.spans.every(({ onCriticalPath }) => onCriticalPath)).toBe(true);
    await expect(api.traces.get({ traceId: "f".repeat(32) })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.each([
    ["people", FOR_PEOPLE],
    ["models", FOR_MODELS],
  ])("tell their links, and who links to them, to %s", async (_, reader) => {
    const { get } = createCaller({ agent: { ...agent, reader }, requestId: agent.requestId }).traces;
    const trace = await get({ traceId: hex(3, 32) });
    const linked = { traceId: hex(2, 32), spanId: hex(1 * 16 + 3, 16), attributes: { why: "retry" } };
    expect(trace.spans.map(({ links }) => links)).toEqual([[], [], [linked], [], [], []]);
    expect(trace.linkedFrom).toEqual([
      {
        ...{ traceId: hex(4, 32), spanId: hex(3 * 16 + 3, 16), service: "checkout", name: "GET /orders" },
        ...{ startAt: new Date(NOW.getTime() - 300_000 + 3_006).toISOString(), toSpanIds: [hex(2 * 16 + 3, 16)] },
      },
    ]);
    expect((await get({ traceId: hex(REQUESTS, 32) })).linkedFrom).toEqual([]);
  });

  it("make the map, with what is outside and what is configured", async () => {
    const map = await api.traces.map({ range: "15m", environment: "production" });
    const production = REQUESTS - REQUESTS / 10;
    const failures = REQUESTS / FAILED_EVERY;
    expect(map.summary).toMatch(/^checkout fails most in production: 6 of 108 requests \(5.56 %\), felt by gateway\./);
    expect(map.edges.map(({ from, to, seen, configured, requests }) => [from, to, seen, configured, requests])).toEqual(
      [
        ["checkout", "payments", true, true, production],
        ["gateway", "checkout", true, false, production],
        ["payments", "bank", true, false, production],
      ],
    );
    expect(map.nodes.find(({ id }) => id === "checkout")).toMatchObject({
      ...{
        kind: "service",
        configured: true,
        requests: production,
        errorPercent: expect.closeTo((failures / production) * 100, 3),
      },
    });
    expect(map.nodes.find(({ id }) => id === "bank")).toMatchObject({ kind: "external", requests: production });
  });
});
