import { describe, expect, it, vi } from "vitest";
import { testConfig, testContext } from "../../testing/context.ts";
import { useDatabase } from "../../testing/database.ts";
import type { TrafficCounts } from "../ports/traffic.ts";
import { emptyHistogram } from "../telemetry/histogram.ts";
import { noOutcomes } from "../telemetry/outcomes.ts";
import { collectTraffic, startTrafficCollector, uncollectedSince } from "./collect-traffic.ts";
import { listTraffic } from "./traffic-store.ts";

const bucketsOf = (start: number, count: number): TrafficCounts[] =>
  Array.from({ length: count }, (_, i) => ({
    ...noOutcomes(),
    service: "checkout",
    environment: "production",
    version: "1.0.0",
    bucketAt: new Date(start + i * 10_000).toISOString(),
    requests: 10,
    status2xx: 9,
    status3xx: 0,
    status4xx: 0,
    status5xx: 1,
    latency: emptyHistogram().map((_v, b) => (b === 30 ? 10 : 0)),
    usage: { cpuMs: 100, memoryBytes: 50_000_000, instances: 2, inFlight: 1, errorLines: 1 },
  }));

describe("collectTraffic", () => {
  const database = useDatabase();
  const start = Math.floor(Date.now() / 60_000) * 60_000 - 300_000;
  const since = new Date(start);

  it("counts every bucket once, however many collectors bring it", async () => {
    const ctx = testContext(database);
    ctx.platform.counts = bucketsOf(start, 12);
    const fresh = await Promise.all([collectTraffic(ctx), collectTraffic(ctx), collectTraffic(ctx)]);
    expect(fresh.reduce((a, b) => a + b)).toBe(12);
    const minutes = await listTraffic(ctx.db, { since, resolution: 60 });
    expect(minutes.map((minute) => [minute.requests, minute.status5xx, minute.latency[30]])).toEqual([
      [60, 6, 60],
      [60, 6, 60],
    ]);
    const usage = { cpuMs: 600, memoryBytes: 50_000_000, instances: 2, inFlight: 1, errorLines: 6 };
    expect(minutes.map((minute) => minute.usage)).toEqual([usage, usage]);
  });

  it("warns of a platform that is away, but of none that nobody starts", async () => {
    const roundOf = async (services: ReturnType<typeof testConfig>["services"]) => {
      const ctx = testContext(database, { config: { ...testConfig(), services } });
      ctx.platform.unreachable = true;
      const errors: unknown[] = [];
      const asked = vi.spyOn(ctx.platform.traffic, "trafficSince");
      const collector = startTrafficCollector(ctx, (error) => errors.push(error));
      await expect.poll(() => asked.mock.calls.length).toBeGreaterThan(0);
      await collector.stop();
      return errors.length;
    };
    expect(await roundOf(testConfig().services)).toBeGreaterThan(0);
    expect(await roundOf([])).toBe(0);
  });

  it("counts also what the platform tells more of than the table holds", async () => {
    const ctx = testContext(database);
    const told = bucketsOf(start - 600_000, 2).map((bucket) => ({
      ...bucket,
      service: "stalled",
      ...{ stalled: true, denied: 3, news: 1 },
    }));
    ctx.platform.traffic.trafficSince = async () => told;
    expect(await collectTraffic(ctx)).toBe(2);
    const stored = await listTraffic(ctx.db, { since: new Date(start - 600_000), resolution: 10 });
    expect(stored.filter((row) => row.service === "stalled")).toMatchObject([
      { stalled: true, denied: 3 },
      { stalled: true, denied: 3 },
    ]);
  });

  it("knows a quiet night from requests that nobody stores", async () => {
    const ctx = testContext(database);
    const now = ctx.now().getTime();
    const newest = new Date(now - 600_000);
    ctx.platform.counts = [];
    expect(await uncollectedSince(ctx, newest)).toBeNull();
    expect(await uncollectedSince(ctx, null)).toBeNull();
    const at = now - 300_000;
    ctx.platform.counts = bucketsOf(at, 2);
    expect(await uncollectedSince(ctx, newest)).toEqual(new Date(at));
    expect(await uncollectedSince(ctx, null)).toEqual(new Date(at));
    ctx.platform.counts = bucketsOf(now - 20_000, 2); // collected within seconds
    expect(await uncollectedSince(ctx, newest)).toBeNull();
    expect(await uncollectedSince(ctx, new Date(now - 30_000))).toBeNull();
  });

  it("catches up with what was counted while nobody collected", async () => {
    const ctx = testContext(database);
    ctx.platform.counts = bucketsOf(start, 18);
    expect(await collectTraffic(ctx)).toBe(6);
    expect(await listTraffic(ctx.db, { since, resolution: 60 })).toHaveLength(3);
  });

  it("takes a minute's means over the buckets that know, also when it is brought in several goes", async () => {
    const ctx = testContext(database);
    const minute = start + 180_000;
    const taken = { memoryBytes: null, instances: 2, inFlight: null, errorLines: null };
    const buckets = bucketsOf(minute, 4).map((bucket, i) => ({
      ...bucket,
      usage: { ...taken, cpuMs: [10, 20, null, 60][i] ?? null, memoryBytes: [100, 400, 700, null][i] ?? null },
    }));
    for (const some of [buckets.slice(0, 1), buckets.slice(1, 3), buckets.slice(3)]) {
      ctx.platform.counts = some;
      expect(await collectTraffic(ctx)).toBe(some.length);
    }
    const [row] = await listTraffic(ctx.db, { since: new Date(minute), resolution: 60 });
    expect(row?.requests).toBe(40);
    expect(row?.usage).toEqual({ cpuMs: 90, memoryBytes: 400, instances: 2, inFlight: null, errorLines: null });
  });

  it("keeps every outcome and how long those waited who left, also when a minute comes in several goes", async () => {
    const ctx = testContext(database);
    const minute = start + 240_000;
    const outcomes = { clientLeft: 1, refused: 2, timedOut: 3, brokenOff: 4, upgraded: 5 };
    const leftAfter = emptyHistogram().map((_v, b) => (b === 55 ? 1 : 0));
    // nobody left in the first: its list of waits is empty
    const [calm, ...rest] = bucketsOf(minute, 3);
    for (const some of [calm ? [calm] : [], rest.map((row) => ({ ...row, ...outcomes, requests: 25, leftAfter }))]) {
      ctx.platform.counts = some;
      expect(await collectTraffic(ctx)).toBe(some.length);
    }
    const fine = await listTraffic(ctx.db, { since: new Date(minute), resolution: 10 });
    expect(fine[0]?.leftAfter).toEqual([]);
    expect(fine[2]).toMatchObject({ ...outcomes, requests: 25, leftAfter });
    const [row] = await listTraffic(ctx.db, { since: new Date(minute), resolution: 60 });
    expect(row).toMatchObject({
      ...{ requests: 60, status2xx: 27, status5xx: 3 },
      ...{ clientLeft: 2, refused: 4, timedOut: 6, brokenOff: 8, upgraded: 10 },
    });
    expect(row?.leftAfter).toEqual(leftAfter.map((count) => count * 2));
  });

  it("goes on when the clock was set back, in a time that is stored already", async () => {
    const ctx = testContext(database);
    const began = start - 7_200_000;
    let now = began + 120_000;
    ctx.now = () => new Date(now);
    const ref = { service: "relived", environment: "production" };
    const tell = (from: number, requests: number) => {
      const told = bucketsOf(from, 6).map((row) => ({ ...row, ...ref, requests, status2xx: requests }));
      ctx.platform.traffic.trafficSince = async (from) =>
        told.filter((row) => Date.parse(row.bucketAt) >= from.getTime());
    };
    await ctx.db.trafficBucket.deleteMany();
    tell(began, 10);
    await collectTraffic(ctx);
    tell(began + 60_000, 10);
    await collectTraffic(ctx);
    now = began + 60_000;
    tell(began, 7);
    expect(await collectTraffic(ctx)).toBe(6);
    expect(await collectTraffic(ctx)).toBe(0); // once
    const stored = await listTraffic(ctx.db, { since: new Date(began), resolution: 10, ref });
    expect(stored.map((row) => row.requests)).toEqual([7, 7, 7, 7, 7, 7, 10, 10, 10, 10, 10, 10]);
    const minutes = await listTraffic(ctx.db, { since: new Date(began), resolution: 60, ref });
    expect(minutes.map((row) => row.requests)).toEqual([60 + 42, 60]);
    expect(await uncollectedSince(ctx, new Date(began + 110_000))).toBeNull();
  });
});
