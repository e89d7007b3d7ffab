import { afterEach, describe, expect, it } from "vitest";
import { createTelemetryStore } from "#server/telemetry-store/index.ts";
import { testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { FakeTelemetry } from "#server/testing/doubles/fake-telemetry.ts";
import { SENDER, samples, spanOf } from "#server/testing/telemetry/records.ts";
import { OperateAgentConfigSchema } from "../config.ts";
import { AppError, type ErrorCode } from "../kernel/errors.ts";
import type { MetricsSource } from "../ports/metrics-source.ts";
import type { SeriesSamples } from "../ports/telemetry.ts";
import type { TelemetrySources } from "../ports/telemetry-sources.ts";
import type { TelemetryStore } from "../ports/telemetry-store.ts";
import type { TraceSource } from "../ports/trace-source.ts";
import { listServices } from "./list-services.ts";
import { monitorHealth } from "./monitor-health.ts";
import { listObserved } from "./observed.ts";

const MINUTE_MS = 60_000;
const now = new Date(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS + 25_000);
const { monitoringConfig } = OperateAgentConfigSchema.parse({});
const database = useDatabase();
const stores: TelemetryStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});
function openStore() {
  const store = createTelemetryStore({ databaseUrl: database.url, config: monitoringConfig, now: () => now });
  stores.push(store);
  return store;
}

const timesMs = Array.from({ length: 41 }, (_, i) => now.getTime() - (40 - i) * 15_000);
const growing = (name: string, labels: Record<string, string>, perSample: number): SeriesSamples =>
  samples({ ...{ name, labels, timesMs }, values: timesMs.map((_, i) => i * perSample) });
/** 100 requests a sample, so many of them failed, none slower than a quarter of a second */
const requests = (service: string, failed: number, environment = "production"): SeriesSamples[] => [
  growing("http_requests_total", { service, environment, code: "200" }, 100 - failed),
  growing("http_requests_total", { service, environment, code: "503" }, failed),
  ...["0.1", "0.25", "+Inf"].map((le) =>
    growing("http_request_duration_seconds_bucket", { service, environment, le }, le === "0.1" ? 50 : 100),
  ),
  growing("http_request_duration_seconds_count", { service, environment }, 100),
];

const heard = (names: readonly string[]) =>
  ({
    arrived: async () =>
      names.map((service) => ({
        ...{ service, signal: "logs", protocol: "otlp", sender: "x", accepted: 1, rejected: 0, bytes: 1, stepMs: 0 },
        lastMs: now.getTime(),
        firstMs: now.getTime(),
        firstAccepted: 0,
      })),
  }) as Partial<TelemetrySources["ingest"]> as TelemetrySources["ingest"];
const contextOf = (telemetry: TelemetrySources) => {
  const ctx = testContext(database, { telemetry, now: () => now });
  ctx.config = { ...ctx.config, services: [] };
  return ctx;
};
const names = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => `${prefix}-${String(i).padStart(4, "0")}`);

describe("services that metrics alone tell of", () => {
  it("are judged all, whatever their names and however many send nothing but logs", async () => {
    const store = openStore();
    const quiet = names(30, "a");
    await store.writeSamples([...quiet.flatMap((name) => requests(name, 0)), ...requests("zoo", 91)], SENDER);
    const telemetry = new FakeTelemetry({ store, ingest: heard([...names(300, "b"), ...quiet, "zoo"]) });
    const { rows, total, overall, summary } = await listServices(contextOf(telemetry), { limit: 1_000 });
    expect(total).toBe(331);
    expect(rows[0]).toMatchObject({ service: "zoo", health: "failing", origin: "observed" });
    expect(rows[0]?.traffic).toMatchObject({ requestsPerSecond: expect.closeTo(6.67, 1) });
    expect(rows[0]?.traffic.errorPercent).toBeCloseTo(91);
    expect(rows[0]?.traffic.p95Ms).toBeCloseTo(235, 0);
    expect(rows.filter(({ health }) => health === "up").map(({ service }) => service)).toEqual(quiet);
    expect(overall).toBe("failing");
    expect(summary).toContain("zoo failing: 91 % of");
  });

  it("are there under their environment, with its figures alone", async () => {
    const store = openStore();
    await store.writeSamples([...requests("metered", 91, "production"), ...requests("metered", 0, "staging")], SENDER);
    const ctx = contextOf(new FakeTelemetry({ store, ingest: heard(["metered"]) }));
    const of = async (environment: string) =>
      (await listObserved(ctx, environment)).services.map(({ service, window }) => [
        service,
        (window?.failed ?? 0) > 0,
      ]);
    expect(await of("production")).toContainEqual(["metered", true]);
    expect(await of("staging")).toContainEqual(["metered", false]);
  });

  it("ask as many questions however many they are", async () => {
    const store = openStore();
    await store.writeSamples(requests("yak", 1), SENDER);
    let questions = 0;
    const metrics: MetricsSource = {
      ...store.metrics,
      query: (query) => {
        questions += 1;
        return store.metrics.query(query);
      },
    };
    await listObserved(contextOf(new FakeTelemetry({ store, metrics, ingest: heard(names(500, "c")) })), undefined);
    expect(questions).toBeGreaterThan(0);
    expect(questions).toBeLessThan(10);
  });
});

describe("are judged on the five minutes up to now", () => {
  const ago = (seconds: number): number => now.getTime() - seconds * 1_000;
  /** what an OpenTelemetry SDK sends once: totals since its start, in the SDK's own buckets */
  const sentOnce = (service: string, secondsAgo: number, requests = 50, failed = 3, tookSeconds = 0.02) => {
    const at = { kind: "counter" as const, timesMs: [ago(secondsAgo)], startMs: ago(secondsAgo + 10) };
    const of = (name: string, labels: Record<string, string>, value: number) =>
      samples({ ...at, name, labels: { service, environment: "production", ...labels }, values: [value] });
    const base = "http_server_request_duration_seconds";
    return [
      of(`${base}_count`, { http_response_status_code: "200" }, requests - failed),
      of(`${base}_count`, { http_response_status_code: "500" }, failed),
      ...[0, 5, 10, 25].map((le) => of(`${base}_bucket`, { le: String(le) }, tookSeconds <= le ? requests : 0)),
      of(`${base}_bucket`, { le: "+Inf" }, requests),
    ];
  };
  const rowsAt = async (given: SeriesSamples[], at = now) => {
    const store = createTelemetryStore({ databaseUrl: database.url, config: monitoringConfig, now: () => at });
    stores.push(store);
    await store.writeSamples(given, SENDER);
    const ctx = contextOf(new FakeTelemetry({ store, ingest: heard(given.map(({ labels }) => labels.service ?? "")) }));
    ctx.now = () => at;
    const { rows } = await listServices(ctx, { limit: 1_000 });
    return (service: string) => rows.find((row) => row.service === service);
  };

  it.each([0, 10, 35, 59, 123, 299].map((offset) => [new Date(now.getTime() + offset * 1_000)]))(
    "whatever the clock says: %s",
    async (at) => {
      const offset = (at.getTime() - now.getTime()) / 1_000;
      const name = (what: string) => `${what}-${offset}`;
      const row = await rowsAt(
        [
          ...sentOnce(name("fresh"), 40 - offset),
          ...sentOnce(name("old"), 320 - offset),
          ...sentOnce(name("quick"), 40 - offset, 50, 0),
          ...sentOnce(name("slow"), 40 - offset, 50, 0, 7),
        ],
        at,
      );
      expect(row(name("fresh"))).toMatchObject({ health: "degraded", traffic: { requests: 50, errorPercent: 6 } });
      expect(row(name("fresh"))?.healthMessage).toContain("6 % of 50 requests failed in 5 min");
      expect(row(name("old"))?.health).toBe("unknown");
      const minute = new Date(Math.min(at.getTime() - 300_000, Math.ceil((at.getTime() - 320_000) / 60_000) * 60_000));
      expect(row(name("old"))?.healthMessage).toBe(
        `no requests in 5 min, last ones at ${minute.toISOString().slice(11, 16)} UTC`,
      );
      expect(row(name("quick"))).toMatchObject({
        health: "unknown",
        healthMessage: "p95 is at most 5 s; buckets too coarse for the limit of 500 ms",
        traffic: { p95Ms: null },
      });
      expect(row(name("slow"))?.healthMessage).toContain("limit 500 ms");
      expect(row(name("slow"))?.health).toBe("degraded");
    },
  );

  it.each([0, 17, 44])("as spans tell it, %d s past the minute", async (offset) => {
    const base = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS + offset * 1_000;
    const at = new Date(base);
    const store = createTelemetryStore({ databaseUrl: database.url, config: monitoringConfig, now: () => at });
    stores.push(store);
    const spans = (what: string, secondsAgo: number, failed: number) =>
      Array.from({ length: 50 }, (_, i) =>
        spanOf({
          ...{ service: `${what}-${offset}`, traceId: "b".repeat(32), startMs: base - secondsAgo * 1_000 - i },
          status: i < failed ? "error" : "unset",
        }),
      );
    const sent = [...spans("now", 40, 3), ...spans("within", 290, 3), ...spans("before", 310, 3)];
    await store.writeSpans([...sent, ...spans("mended", 120, 50), ...spans("mended", 30, 0)], SENDER);
    const ctx = contextOf(
      new FakeTelemetry({ store, ingest: heard(["now", "before"].map((one) => `${one}-${offset}`)) }),
    );
    ctx.now = () => at;
    const { rows } = await listServices(ctx, { limit: 1_000 });
    const told = (what: string) => rows.find(({ service }) => service === `${what}-${offset}`);
    for (const what of ["now", "within"])
      expect(told(what)).toMatchObject({ health: "degraded", healthMessage: "6 % of 50 requests failed in 5 min" });
    expect(told("mended")).toMatchObject({ health: "up", traffic: { requests: 100, errorPercent: 50 } });
    expect(told("before")?.health).toBe("unknown");
    expect(told("before")?.healthMessage).toMatch(/^no requests in 5 min, last ones at \d\d:\d\d UTC$/);
  });

  /** A service of which half of the requests failed until so many seconds ago. */
  const mendedSince = (service: string, apart: number, cleanForSeconds: number): SeriesSamples[] => {
    const times = Array.from({ length: 20 }, (_, i) => ago(7 + (19 - i) * apart));
    const badUntil = ago(cleanForSeconds);
    let [good, bad] = [0, 0];
    const totals = times.map((atMs) => {
      good += 50;
      if (atMs <= badUntil) bad += 50;
      return [good, bad] as const;
    });
    const of = (code: string, index: 0 | 1) =>
      samples({
        ...{ name: "http_requests_total", labels: { service, code }, timesMs: times },
        values: totals.map((one) => one[index]),
      });
    return [of("200", 0), of("500", 1)];
  };

  it.each([
    [15, 90],
    [60, 185],
  ])("and a bad state ends with the newest part, of samples %d s apart", async (apart, cleanForSeconds) => {
    const service = `mended-${apart}`;
    const row = (await rowsAt(mendedSince(service, apart, cleanForSeconds)))(service);
    expect(row?.traffic.errorPercent).toBeGreaterThan(10);
    expect(row?.health).toBe("up");
  });

  it("and a bad state ends as soon beside a service that sends rarely, which keeps its own", async () => {
    const rare = mendedSince("rare", 120, 100);
    const row = await rowsAt([...mendedSince("often", 15, 90), ...rare]);
    expect(row("often")?.traffic.errorPercent).toBeGreaterThan(10);
    expect(row("often")?.health).toBe("up");
    expect(row("rare")?.health).toBe("failing");
  });
});

it("was never last seen before it sent anything, nor longer ago than it did", async () => {
  const store = openStore();
  const at = new Date();
  await store.writeSamples([samples({ timesMs: [at.getTime()], values: [1], labels: { service: "newborn" } })], SENDER);
  const ctx = contextOf(
    new FakeTelemetry({
      store,
      ingest: { ...store, collecting: async () => true, refusal: () => null },
    }),
  );
  ctx.now = () => new Date(now.getTime() + 20_000);
  const { services } = await listObserved(ctx, undefined);
  const seen = Date.parse(services.find(({ service }) => service === "newborn")?.lastSeen ?? "");
  // the store's clock wrote it
  expect(seen).toBeGreaterThanOrEqual(now.getTime());
  expect(seen).toBeLessThanOrEqual(now.getTime() + 20_000);
});

it("says how many it does not list, and lists those that fail the most", async () => {
  const store = openStore();
  await store.writeSamples(requests("zzz", 95), SENDER);
  const telemetry = new FakeTelemetry({ store, ingest: heard(names(2_500, "d")) });
  const { summary, rows } = await listServices(contextOf(telemetry), { limit: 5 });
  expect(rows).toContainEqual(expect.objectContaining({ service: "zzz", health: "failing" }));
  expect(summary).toMatch(/\d+ more services that are not configured send telemetry and are not listed/);
});

describe("a source that does not answer in time", () => {
  const info = { kind: "jaeger" as const, address: "http://jaeger.test" };
  let fail: ErrorCode | null = null;
  const answer = async <T>(data: T) => {
    if (fail !== null) throw new AppError(fail, "away");
    return { data, source: info, asOf: now.toISOString(), stale: false };
  };
  const traces: TraceSource = {
    ...{ info, linksTo: null, edges: null, operations: () => answer([]), get: () => answer(null) },
    list: () => answer({ items: [], nextCursor: null }),
    services: () => answer(["legacy"]),
    served: () => answer([{ service: "legacy", calls: 100, errors: 0, latency: [], sinceMs: null }]),
  };

  it("makes nobody vanish, and nothing up that is not known", async () => {
    const ctx = contextOf(new FakeTelemetry({ traces, ingest: heard([]) }));
    expect((await listServices(ctx, {})).overall).toBe("up");
    fail = "UPSTREAM_UNAVAILABLE";
    ctx.now = () => new Date(now.getTime() + 20_000);
    const { rows, overall, summary } = await listServices(ctx, {});
    const monitor = await monitorHealth(ctx, { limit: 10, offset: 0 });
    fail = null;
    expect(monitor).toMatchObject({ overall: "unknown", summary: expect.stringContaining("No answer in time from") });
    expect(monitor.unknown).toContain("http://jaeger.test (traces)");
    expect(rows.map(({ service, health }) => [service, health])).toEqual([["legacy", "unknown"]]);
    expect(overall).toBe("unknown");
    expect(summary).toContain("No answer in time from http://jaeger.test (traces)");
    expect(summary).not.toMatch(/\bup\b/);
  });
});
