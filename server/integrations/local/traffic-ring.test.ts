import { describe, expect, it } from "vitest";
import { BUCKET_COUNT, quantileMs } from "#server/agent/kernel/histogram.ts";
import { TrafficRing } from "./traffic-ring.ts";

const REF = { service: "web", environment: "staging" };
const T = Date.parse("2026-05-01T00:00:00Z");
const S = 1_000;

describe("TrafficRing", () => {
  it("counts status classes and latencies per version", () => {
    const ring = new TrafficRing();
    for (const status of [200, 204, 301, 404, 500, 503]) ring.record("1", status, 20, T + S);
    ring.record("2", 200, 5, T + 2 * S);
    const rows = ring.since(REF, T, T + 10 * S);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      ...REF,
      version: "1",
      bucketAt: "2026-05-01T00:00:00.000Z",
      ...{ requests: 6, status2xx: 2, status3xx: 1, status4xx: 1, status5xx: 2 },
    });
    expect(rows[0]?.latency).toHaveLength(BUCKET_COUNT);
    expect(quantileMs(rows[0]?.latency ?? [], 0.5)).toBeCloseTo(20, -1);
  });

  it.each([
    { name: "a bucket that is not complete is not told", atS: 0, sinceS: 0, nowS: 9.9, told: 0 },
    { name: "a complete one is", atS: 0, sinceS: 0, nowS: 10, told: 1 },
    { name: "one that starts before `since` is not", atS: 0, sinceS: 1, nowS: 20, told: 0 },
    { name: "one that starts at `since` is", atS: 12, sinceS: 10, nowS: 20, told: 1 },
    { name: "15 minutes are kept", atS: 0, sinceS: 0, nowS: 905, told: 1 },
    { name: "more are not", atS: 0, sinceS: 0, nowS: 930, told: 0 },
  ])("$name", ({ atS, sinceS, nowS, told }) => {
    const ring = new TrafficRing();
    ring.record("1", 200, 1, T + atS * S);
    expect(ring.since(REF, T + sinceS * S, T + nowS * S)).toHaveLength(told);
  });

  it("tells two seconds apart, each with what the instances took", () => {
    const ring = new TrafficRing();
    const look = { cpuMs: 10, memoryBytes: 100, instances: 2, inFlight: 1, errorLines: 1 };
    ring.record("1", 200, 1, T);
    ring.measure("1", look, T + S);
    ring.measure("1", { ...look, cpuMs: null, memoryBytes: 300 }, T + 1.5 * S);
    ring.measure("1", look, T + 3 * S);
    ring.record("1", 500, 1, T + 4 * S);
    const samples = ring.samplesSince(REF, T, T + 5 * S);
    expect(samples.map((row) => [row.bucketAt.slice(17, 19), row.requests])).toEqual([
      ["00", 1],
      ["02", 0],
    ]);
    expect(samples[0]?.usage).toEqual({ cpuMs: 10, memoryBytes: 200, instances: 2, inFlight: 1, errorLines: 2 });
    const [bucket] = ring.since(REF, T, T + 10 * S);
    expect(bucket).toMatchObject({ requests: 2, status5xx: 1, usage: { cpuMs: 20, errorLines: 3 } });
  });

  it("does not tell ten seconds in which a version was idle", () => {
    const ring = new TrafficRing();
    ring.measure("1", { cpuMs: 1, memoryBytes: 1, instances: 1, inFlight: 0, errorLines: 0 }, T);
    expect(ring.since(REF, T, T + 10 * S)).toEqual([]);
    expect(ring.samplesSince(REF, T, T + 10 * S)).toHaveLength(1);
  });

  it("never changes a complete bucket, even when the clock is set back", () => {
    const ring = new TrafficRing();
    ring.record("1", 200, 1, T + 15 * S);
    ring.record("1", 200, 1, T + 5 * S);
    expect(ring.since(REF, T, T + 20 * S).map((row) => [row.bucketAt.slice(17, 19), row.requests])).toEqual([
      ["10", 2],
    ]);
  });

  it("holds at most 15 minutes of a busy version", () => {
    const ring = new TrafficRing();
    for (let i = 0; i < 200; i++) ring.record("1", 200, 1, T + i * 10 * S);
    const rows = ring.since(REF, 0, T + 2_000 * S);
    expect(rows.length).toBe(91);
    expect(rows.map((row) => row.bucketAt)).toEqual(rows.map((row) => row.bucketAt).sort());
  });
});
