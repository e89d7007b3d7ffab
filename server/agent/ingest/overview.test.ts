import { afterAll, beforeAll, expect, it } from "vitest";
import { createTelemetryStore } from "../../telemetry-store/index.ts";
import { actor, testConfig, testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import { FakeTelemetry } from "../../testing/doubles/fake-telemetry.ts";
import type { LogRecord } from "../ports/telemetry.ts";
import { ingestOverview } from "./overview.ts";
import { IngestOverviewOutput } from "./schema.ts";

const database = useDatabase();
const target = (name: string) => ({ name, url: `http://user:secret@${name}.example:9100/metrics` });
const config = testConfig({ monitoringConfig: { scrape: [target("node"), target("db"), target("late")] } });
const NOW = Date.parse("2026-11-25T10:07:30Z");
const MINUTE_MS = 60_000;

let clockMs = NOW;
let store: ReturnType<typeof createTelemetryStore>;
beforeAll(() => {
  const { monitoringConfig } = config;
  store = createTelemetryStore({ databaseUrl: database.url, config: monitoringConfig, now: () => new Date(clockMs) });
});
afterAll(() => store.close());

const line = (service: string, atMs: number): LogRecord & { patternId: null } => ({
  ...{ service, environment: "staging", version: "", instance: "", atMs, severity: 9, body: "x", attributes: {} },
  ...{ traceId: null, spanId: null, patternId: null },
});
const lines = (count: number, service: string, atMs: number) =>
  Array.from({ length: count }, () => line(service, atMs));

it("says what arrives, from whom, what was refused, which targets are down and what is kept", async () => {
  const ci = { protocol: "otlp", name: "ci" };
  for (const [minutesAgo, count] of [
    [200, 3],
    [30, 5],
    [0, 10],
  ] as const) {
    clockMs = NOW - minutesAgo * MINUTE_MS;
    await store.writeLogs(lines(count, "checkout", clockMs), ci);
  }
  const instance = { protocol: "instance", name: "payments" };
  await store.writeLogs([...lines(1, "other", NOW), ...lines(2, "payments", NOW)], instance);
  const tooOld = await store.writeLogs(lines(4, "checkout", NOW - 30 * 86_400_000), ci);
  expect(tooOld.accepted).toBe(0);
  await store.noteRefusal("traces", ci, [{ reason: "The body is no JSON.", count: 1, example: null }]);
  const scraped = { at: new Date(NOW - 5_000), durationMs: 12, samples: 40 };
  await store.noteScrape({ target: "node", ok: true, error: null, ...scraped });
  await store.noteScrape({ target: "db", ok: false, error: "It answers 500 instead of 200.", ...scraped });
  await store.noteScrape({ target: "late", ok: true, error: null, ...scraped, at: new Date(NOW - 10 * MINUTE_MS) });

  const ingest = { ...store, collecting: async () => false, refusal: () => null };
  const context = testContext(database, { config, telemetry: new FakeTelemetry({ ingest }), now: () => new Date(NOW) });
  const overview = IngestOverviewOutput.parse(await ingestOverview(context, { range: "1h" }));

  expect(overview).toMatchObject({ from: "2026-11-25T09:08:00.000Z", to: "2026-11-25T10:08:00.000Z", stepSeconds: 60 });
  expect(overview.collector).toEqual({ running: false, message: expect.stringMatching(/senders keep what they have/) });
  const refused = { ...ingest, collecting: async () => true, refusal: () => "Requests of senders are refused: 1,000." };
  const refusing = testContext(database, { telemetry: new FakeTelemetry({ store, ingest: refused }) });
  expect((await ingestOverview(refusing, { range: "1h" })).collector).toEqual({
    running: false,
    message: "Requests of senders are refused: 1,000.",
  });
  const [logs, metrics] = overview.signals;
  expect(logs).toMatchObject({ signal: "logs", accepted: 18, rejected: 4, perSecond: 18 / 1_860, overSeconds: 1_860 });
  expect(logs?.buckets).toHaveLength(60);
  expect([logs?.buckets[59], logs?.buckets[29], logs?.buckets[28]]).toEqual([13, 5, 0]);
  expect(metrics).toMatchObject({ signal: "metrics", accepted: 0 });
  expect(overview.senders).toMatchObject([
    { ...ci, signal: "logs", accepted: 15, rejected: 4, services: ["checkout"], lastAt: "2026-11-25T10:07:30.000Z" },
    { ...instance, signal: "logs", accepted: 3, services: ["payments", "other"] },
    { ...ci, signal: "traces", accepted: 0, rejected: 1 },
  ]);
  expect(overview.refusals.map(({ signal, sender, count }) => [signal, sender, count]).sort()).toEqual([
    ["logs", "ci", 4],
    ["traces", "ci", 1],
  ]);
  expect(overview.targets).toMatchObject([
    { name: "db", state: "down", error: "It answers 500 instead of 200.", url: "http://db.example:9100/metrics" },
    { name: "late", state: "unknown" },
    { name: "node", state: "up", samples: 40, durationMs: 12, service: "node", environment: null },
  ]);
  expect(overview.limits).toEqual([
    { name: "series", used: 0, max: 200_000, key: "monitoringConfig.limits.maxSeries" },
    { name: "patterns", used: 0, max: 10_000, key: "monitoringConfig.limits.maxPatterns" },
  ]);
  expect(overview.storage).toMatchObject([
    { signal: "logs", keptDays: 7, oldestDay: "2026-11-25" },
    { signal: "metrics", keptDays: 15, oldestDay: null },
    { signal: "traces", keptDays: 3, oldestDay: null },
    { signal: "rollups", keptDays: 90, oldestDay: expect.any(String) },
  ]);
  expect(overview.storage[0]?.bytes).toBeGreaterThan(8_000);

  const day = await ingestOverview(context, { range: "24h" });
  expect(day.signals[0]).toMatchObject({ accepted: 21 });
  expect(day.signals[0]?.buckets).toHaveLength(96);
});

it("gives the rate of a young sender beside an old one, and over how long it is", async () => {
  const sender = { protocol: "otlp", name: "young" };
  const startMs = NOW + 3 * MINUTE_MS + 7_000;
  for (let second = 0; second <= 240; second += 5) {
    clockMs = startMs + second * 1_000;
    await store.writeLogs(lines(10, "checkout", clockMs), sender);
    if (![20, 60, 240].includes(second)) continue;
    const ingest = { ...store, collecting: async () => true, refusal: () => null };
    const telemetry = new FakeTelemetry({ ingest });
    const context = testContext(database, { config, telemetry, now: () => new Date(clockMs + 400) });
    for (const range of ["15m", "1h", "6h"] as const) {
      const { senders } = await ingestOverview(context, { range });
      const young = senders.find(({ name }) => name === sender.name);
      expect(young?.perSecond).toBeGreaterThan(1.8);
      expect(young?.perSecond).toBeLessThan(2.2);
      expect(young?.overSeconds).toBeCloseTo(second + 0.4, 3);
    }
  }
});

it("is refused to a token that only ingests", async () => {
  const context = testContext(database, { actor: actor({ kind: "token", role: "ingest" }) });
  await expect(ingestOverview(context, { range: "1h" })).rejects.toMatchObject({ code: "FORBIDDEN" });
});
