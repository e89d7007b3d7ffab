import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OperateAgentConfigSchema } from "#server/agent/config.ts";
import type { SpanRecord } from "#server/agent/ports/telemetry.ts";
import { quantileMs } from "#server/agent/telemetry/histogram.ts";
import { describeTraceSourceContract } from "#server/testing/contracts/trace-source-contract.ts";
import { useDatabase } from "#server/testing/database.ts";
import { advance } from "../rollup/rollup.ts";
import { SPAN_ROLLUP } from "../rollup/rollup-spans.ts";
import { type BuiltinStore, createTelemetryStore } from "../store.ts";

const config = OperateAgentConfigSchema.parse({}).monitoringConfig;
const SENDER = { protocol: "otlp", name: "test" };
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const rollUp = ({ parts }: BuiltinStore): Promise<void> => advance(parts.database, SPAN_ROLLUP, parts.now());

const numberHex = (number: number, length: number): string => number.toString(16).padStart(length, "0");
let spans = 0;
function span(given: Partial<SpanRecord> & { trace: number }): SpanRecord {
  const { trace, ...rest } = given;
  spans += 1;
  return {
    traceId: numberHex(trace, 32),
    spanId: numberHex(spans, 16),
    parentSpanId: null,
    ...{ service: "gateway", environment: "production", version: "1", instance: "a", name: "GET /" },
    ...{ kind: "server", status: "unset", statusMessage: "", startMs: Date.now(), durationMs: 10 },
    ...{ attributes: {}, events: [], links: [] },
    ...rest,
  };
}

describe.each(["before", "after"])("spans %s they are rolled up", (when) => {
  const database = useDatabase();
  describeTraceSourceContract("the built-in store", async (records) => {
    const store = createTelemetryStore({ databaseUrl: database.url, config });
    expect(await store.writeSpans(records, SENDER)).toEqual({ accepted: records.length, rejected: [] });
    if (when === "after") await rollUp(store);
    return { source: store.traces, stop: () => store.close() };
  });
});

describe("the duration of a listed trace", () => {
  const database = useDatabase();
  const at = Date.now() - HOUR_MS;
  const root = (trace: number, more: Partial<SpanRecord> = {}) =>
    span({ trace, startMs: at, durationMs: 400, name: "POST /orders", ...more });
  it("is its root's, whatever outlives it; where the root is missing, that of all its children", async () => {
    const store = createTelemetryStore({ databaseUrl: database.url, config });
    const outlived = root(1);
    const orphan = root(3, { parentSpanId: "f".repeat(16) });
    const rows = [
      ...[outlived, span({ trace: 1, parentSpanId: outlived.spanId, startMs: at + 300, durationMs: 600 })],
      ...[root(2), span({ trace: 2, startMs: at + 100, durationMs: 5_000 })],
      ...[orphan, span({ trace: 3, parentSpanId: orphan.spanId, startMs: at + 300, durationMs: 600 })],
      ...[root(4, { parentSpanId: "f".repeat(16) })],
      span({ trace: 4, parentSpanId: "f".repeat(16), startMs: at + 500, durationMs: 100 }),
    ];
    await store.writeSpans(rows, SENDER);
    const { data } = await store.traces.list({
      window: { from: new Date(at - 1_000), to: new Date(at + 10_000) },
      filter: {},
      limit: 10,
    });
    expect(
      data.items.map(({ traceId, durationMs, rootName }) => [Number(`0x${traceId}`), durationMs, rootName]),
    ).toEqual([4, 3, 2, 1].map((trace) => [trace, trace === 4 ? 600 : 400, "POST /orders"]));
    await store.close();
  });
});

describe("a list of traces from spans that nothing is known of yet", () => {
  const database = useDatabase();
  const endMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const window = { from: new Date(endMs - 30 * MINUTE_MS), to: new Date(endMs) };
  let store: BuiltinStore;
  beforeAll(async () => {
    store = createTelemetryStore({ databaseUrl: database.url, config });
    // two spans a trace, 15 s apart, so that traces lie across the parts that are read one by one
    const records = Array.from({ length: 30_000 }, (_, i) =>
      span({
        trace: 1 + (i >> 1),
        startMs: endMs - 29 * MINUTE_MS + (i >> 1) * 100 + (i % 2) * 15_000,
        service: i % 2 ? "shop" : "gateway",
      }),
    );
    for (let i = 0; i < records.length; i += 5_000) await store.writeSpans(records.slice(i, i + 5_000), SENDER);
  });
  afterAll(() => store.close());

  it.each([
    ["of all", {}, 15_000],
    ["of the service that begins them", { service: "gateway" }, 15_000],
    ["of one that takes part", { service: "shop", environment: "production" }, 15_000],
    ["of one that is not there", { service: "nobody" }, 0],
    ["that failed", { onlyErrors: true }, 0],
  ])("%s does not join each with each, and has each once, newest first", async (_, filter, count) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    const began = performance.now();
    do {
      const { data } = await store.traces.list({ window, filter, limit: 100, cursor });
      seen.push(...data.items.map(({ traceId }) => traceId));
      cursor = seen.length < 1_000 ? (data.nextCursor ?? undefined) : undefined;
    } while (cursor);
    // a join of each with each takes minutes
    expect(performance.now() - began).toBeLessThan(30_000);
    const expected = Array.from({ length: Math.min(1_000, count) }, (_, i) => numberHex(count - i, 32));
    expect(seen).toEqual(expected);
  });
});

describe("calls between services", () => {
  const database = useDatabase();
  let store: BuiltinStore;
  let nowMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 40 * MINUTE_MS;
  const window = () => ({ from: new Date(nowMs - 5 * MINUTE_MS), to: new Date(nowMs) });
  beforeEach(() => {
    nowMs += 6 * MINUTE_MS;
    store ??= createTelemetryStore({ databaseUrl: database.url, config, now: () => new Date(nowMs) });
  });
  afterAll(() => store.close());
  const write = (...records: SpanRecord[]) => store.writeSpans(records, SENDER);
  const edges = async () =>
    ((await store.traces.edges?.({ window: window() }))?.data ?? []).map(
      ({ from, to, calls, errors, latency }) =>
        `${from} ${to} ${calls} ${errors} ${Math.round(quantileMs(latency ?? [], 0.5) ?? -1)}`,
    );
  /** a call as OpenTelemetry has it: a client span here, a server span there */
  const call = (trace: number, startMs: number, durationMs: number, status: SpanRecord["status"] = "unset") => {
    const client = span({ trace, kind: "client", name: "GET", startMs, durationMs });
    const server = span({
      ...{
        trace,
        service: "catalog",
        parentSpanId: client.spanId,
        startMs: startMs + 1,
        durationMs: durationMs - 2,
        status,
      },
    });
    return { client, server };
  };

  it("are counted once, as long as the caller waited, and by both sides' failures", async () => {
    const startMs = nowMs - 3 * MINUTE_MS;
    const calls = [10, 10, 10, 10].map((ms, i) => call(100 + i, startMs + i, ms, i === 0 ? "error" : "unset"));
    await write(...calls.flatMap(({ client, server }) => [client, server]));
    await write(...calls.map(({ server }) => server)); // an exporter that heard no answer sends again
    const before = await edges();
    expect(before).toEqual([expect.stringMatching(/^gateway catalog 4 1 (9|10|11)$/)]);
    await rollUp(store);
    expect(await edges()).toEqual(before);
    expect(
      (await store.traces.served?.({ window: window() }))?.data.map(({ service, calls: n }) => [service, n]),
    ).toEqual([["catalog", 4]]);
    expect((await store.traces.served?.({ window: window() }))?.data[0]?.sinceMs, "not the start of its minute").toBe(
      startMs + 1,
    );
    expect((await store.traces.edges?.({ window: window(), environment: "staging" }))?.data).toEqual([]);
  });

  it("are counted when one side comes after its minute was rolled up", async () => {
    const startMs = nowMs - 3 * MINUTE_MS - 1; // caller and callee begin in two minutes
    const { client, server } = call(200, startMs, 50);
    const second = call(201, startMs, 50);
    await write(client, second.server);
    await rollUp(store);
    expect(await edges()).toEqual([]);
    await write(server, second.client);
    await rollUp(store);
    expect(await edges()).toEqual([expect.stringMatching(/^gateway catalog 2 0 /)]);
  });

  it.each([
    [{ "peer.service": "bank", "server.address": "10.0.0.1" }, "bank"],
    [{ "db.system": "postgresql", "db.name": "orders" }, "postgresql orders"],
    [{ "db.system.name": "redis" }, "redis"],
    [{ "messaging.system": "kafka", "messaging.destination.name": "mails" }, "kafka mails"],
    [{ "server.address": "api.example.com", "server.port": 443 }, "api.example.com:443"],
    [{}, null],
  ])("to someone who sends no spans, known by %j, go to %j", async (attributes, to) => {
    const startMs = nowMs - 2 * MINUTE_MS;
    const client = span({ trace: 300, kind: "client", startMs, attributes });
    await write(client, span({ trace: 300, kind: "internal", parentSpanId: client.spanId, startMs, name: "dns" }));
    expect((await edges()).map((edge) => edge.replace(/ 1 0 \d+$/, ""))).toEqual(to === null ? [] : [`gateway ${to}`]);
  });

  it("are not counted before their answers can be there", async () => {
    const client = span({
      trace: 500,
      kind: "client",
      startMs: nowMs - 4_000,
      attributes: { "server.address": "catalog" },
    });
    await write(client);
    expect(await edges()).toEqual([]);
    nowMs += 10_000;
    expect(await edges()).toEqual([expect.stringMatching(/^gateway catalog 1 0 /)]);
  });

  it("are as fast as they were without what they waited on purpose, and streams tell nothing of speed", async () => {
    const startMs = nowMs - 3 * MINUTE_MS;
    const served = async () => {
      const [of] = (await store.traces.served?.({ window: window() }))?.data ?? [];
      const p95 = quantileMs(of?.latency ?? [], 0.95);
      return [of?.calls, of?.errors, p95 === null ? null : Math.round(p95)];
    };
    const streams = [
      { "http.response.status_code": 101 },
      { "http.status_code": 101 },
      { "http.response.header.content-type": ["text/event-stream; charset=utf-8"] },
    ].map((attributes, i) => span({ trace: 600 + i, startMs, durationMs: 3_600_000, attributes }));
    await write(...streams);
    expect(await served()).toEqual([3, 0, null]);
    const waited = [29_980, 40_000, -5, "29980", null].map((value, i) =>
      span({
        ...{ trace: 610 + i, startMs, durationMs: i < 2 ? 30_000 : 20 },
        attributes: { "operate.waited_ms": value as number },
      }),
    );
    await write(...waited);
    const before = await served();
    expect(before).toEqual([8, 0, expect.any(Number)]);
    expect(before[2]).toBeLessThan(25);
    expect(before[2]).toBeGreaterThan(15);
    await rollUp(store);
    expect(await served()).toEqual(before);
  });

  it("to oneself are no edge", async () => {
    const startMs = nowMs - 2 * MINUTE_MS;
    const client = span({ trace: 400, kind: "client", startMs, attributes: { "server.address": "localhost" } });
    await write(client, span({ trace: 400, parentSpanId: client.spanId, startMs }));
    expect(await edges()).toEqual([]);
  });
});

describe("a list of traces", () => {
  const database = useDatabase();
  const endMs = Date.now() - HOUR_MS;
  const window = { from: new Date(endMs - HOUR_MS), to: new Date(endMs) };
  let store: BuiltinStore;
  beforeEach(() => {
    store ??= createTelemetryStore({ databaseUrl: database.url, config });
  });
  afterAll(() => store.close());

  it("has each trace once, however many of its spans fit and whichever page they fall on", async () => {
    // seven traces; in each three spans of the same service, interleaved with those of the others
    const records = Array.from({ length: 7 }, (_, i) => {
      const root = span({ trace: i + 1, service: "web", startMs: endMs - 60_000 + i * 10 });
      const inner = [5, 15, 25].map((ms) =>
        span({ trace: i + 1, service: "db", parentSpanId: root.spanId, startMs: root.startMs + ms }),
      );
      return [root, ...inner];
    }).flat();
    await store.writeSpans(records, SENDER);
    for (const filter of [{ service: "db" }, { service: "web" }, {}]) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const { data } = await store.traces.list({ window, filter, limit: 2, cursor });
        seen.push(...data.items.map(({ traceId }) => traceId));
        cursor = data.nextCursor ?? undefined;
      } while (cursor && seen.length < 50);
      expect(seen.map((id) => Number.parseInt(id, 16))).toEqual([7, 6, 5, 4, 3, 2, 1]);
    }
  });

  it("has traces whose root never came, by what came first", async () => {
    const orphan = span({
      trace: 90,
      service: "worker",
      parentSpanId: "f".repeat(16),
      startMs: endMs - 1_000,
      name: "job",
    });
    await store.writeSpans(
      [orphan, span({ trace: 90, service: "mail", parentSpanId: orphan.spanId, startMs: endMs - 990 })],
      SENDER,
    );
    const { data } = await store.traces.list({ window, filter: {}, limit: 1 });
    expect(data.items[0]).toMatchObject({
      rootService: "worker",
      rootName: "job",
      spans: 2,
      services: ["mail", "worker"],
    });
  });

  it("takes names for names, whatever they hold", async () => {
    const hostile = "'; drop table span; -- % _ \\ \0 \u202e";
    await store.writeSpans([span({ trace: 91, service: hostile, name: hostile, startMs: endMs - 500 })], SENDER);
    const { data } = await store.traces.list({ window, filter: { service: hostile, operation: hostile }, limit: 5 });
    expect(data.items).toHaveLength(1);
    expect((await store.traces.operations({ service: hostile, window })).data).toHaveLength(1);
    expect((await store.traces.list({ window, filter: { service: "%" }, limit: 5 })).data.items).toEqual([]);
  });

  it("is given up when nobody waits for it any more", async () => {
    const listed = store.traces.list({ window, filter: {}, limit: 5 }, AbortSignal.abort());
    await expect(listed).rejects.toMatchObject({ code: "TIMEOUT" });
  });
});
