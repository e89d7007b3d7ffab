import { describe, expect, it } from "vitest";
import { BUCKET_COUNT, bucketOf, quantileMs } from "#server/agent/telemetry/histogram.ts";
import { outcomeOfStatus } from "#server/agent/telemetry/outcomes.ts";
import { TrafficRing } from "./traffic-ring.ts";

const REF = { service: "web", environment: "staging" };
const T = Date.parse("2026-05-01T00:00:00Z");
const S = 1_000;

describe("TrafficRing", () => {
  it("counts status classes and latencies per version", () => {
    const ring = new TrafficRing();
    for (const status of [200, 204, 301, 404, 500, 503]) ring.record("1", outcomeOfStatus(status), 20, T + S);
    ring.record("2", "status2xx", 5, T + 2 * S);
    const rows = ring.since(REF, T, T + 11 * S);
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

  it("counts what was not answered in classes of its own, with the time where one was spent", () => {
    const ring = new TrafficRing();
    for (const outcome of ["clientLeft", "refused", "timedOut", "brokenOff", "upgraded"] as const)
      ring.record("1", outcome, 2_000, T + S);
    const [row] = ring.since(REF, T, T + 11 * S);
    expect(row).toMatchObject({
      ...{ requests: 5, clientLeft: 1, refused: 1, timedOut: 1, brokenOff: 1, upgraded: 1 },
      ...{ status2xx: 0, status3xx: 0, status4xx: 0, status5xx: 0 },
    });
    expect(row?.latency[bucketOf(2_000)]).toBe(3);
    expect(row?.leftAfter[bucketOf(2_000)]).toBe(1);
  });

  it.each([
    { name: "a bucket that is not complete is not told", atS: 0, sinceS: 0, nowS: 9.9, told: 0 },
    { name: "one that may still be measured is not", atS: 0, sinceS: 0, nowS: 10.4, told: 0 },
    { name: "a complete one is", atS: 0, sinceS: 0, nowS: 10.5, told: 1 },
    { name: "one that starts before `since` is not", atS: 0, sinceS: 1, nowS: 20, told: 0 },
    { name: "one that starts at `since` is", atS: 12, sinceS: 10, nowS: 21, told: 1 },
    { name: "15 minutes are kept", atS: 0, sinceS: 0, nowS: 905, told: 1 },
    { name: "more are not", atS: 0, sinceS: 0, nowS: 930, told: 0 },
  ])("$name", ({ atS, sinceS, nowS, told }) => {
    const ring = new TrafficRing();
    ring.record("1", "status2xx", 1, T + atS * S);
    expect(ring.since(REF, T + sinceS * S, T + nowS * S)).toHaveLength(told);
  });

  it("tells two seconds apart, each with what the instances took", () => {
    const ring = new TrafficRing();
    const measured = { cpuMs: 10, memoryBytes: 100, errorLines: 1 };
    ring.record("1", "status2xx", 1, T);
    ring.look("1", 2, 1, T + S);
    ring.look("1", 2, 4, T + 1.5 * S);
    ring.look("1", 3, 0, T + 2 * S);
    ring.measure("1", measured, T + 2 * S, T + 2 * S);
    ring.record("1", "status5xx", 1, T + 3 * S);
    ring.measure("1", { ...measured, memoryBytes: 300 }, T + 4 * S, T + 4.1 * S);
    ring.record("1", "status5xx", 1, T + 4.2 * S);
    const samples = ring.samplesSince(REF, T, T + 6 * S);
    expect(samples.map((row) => [row.bucketAt.slice(17, 19), row.requests])).toEqual([
      ["00", 1],
      ["02", 1],
    ]);
    expect(samples[0]?.usage).toEqual({ cpuMs: 10, memoryBytes: 100, instances: 2, inFlight: 2.5, errorLines: 1 });
    const [bucket] = ring.since(REF, T, T + 11 * S);
    expect(bucket).toMatchObject({ requests: 3, status5xx: 2 });
    expect(bucket?.usage).toEqual({ cpuMs: 20, memoryBytes: 200, instances: 2.5, inFlight: 1.25, errorLines: 2 });
  });

  it("changes nothing that was told when a measurement comes late; its error lines count for the next sample", () => {
    const ring = new TrafficRing();
    ring.record("1", "status2xx", 1, T);
    ring.measure("1", { cpuMs: 10, memoryBytes: 100, errorLines: 1 }, T + 2 * S, T + 2.5 * S);
    ring.measure("1", { cpuMs: 20, memoryBytes: 200, errorLines: 2 }, T + 4 * S, T + 4 * S);
    ring.record("1", "status2xx", 1, T + 3 * S);
    expect(ring.samplesSince(REF, T, T + 5 * S).map((row) => [row.usage.cpuMs, row.usage.errorLines])).toEqual([
      [null, null],
      [20, 3],
    ]);
  });

  it("tells of an idle version while it has ready instances, and not in ten seconds", () => {
    const ring = new TrafficRing();
    ring.look("1", 1, 0, T);
    ring.look("gone", 0, 0, T);
    expect(ring.since(REF, T, T + 11 * S)).toEqual([]);
    expect(ring.samplesSince(REF, T, T + 11 * S)).toMatchObject([{ version: "1", requests: 0 }]);
  });

  it("never changes a complete bucket, even when the clock is set back", () => {
    const ring = new TrafficRing();
    ring.record("1", "status2xx", 1, T + 15 * S);
    ring.record("1", "status2xx", 1, T + 5 * S);
    expect(ring.since(REF, T, T + 21 * S).map((row) => [row.bucketAt.slice(17, 19), row.requests])).toEqual([
      ["10", 2],
    ]);
  });

  it("holds 15 minutes of ten seconds and 20 of two seconds", () => {
    const ring = new TrafficRing();
    for (let i = 0; i < 2_000; i++) ring.record("1", "status2xx", 1, T + i * 2 * S);
    const rows = ring.since(REF, 0, T + 4_001 * S);
    expect(rows.length).toBe(90);
    expect(rows.map((row) => row.bucketAt)).toEqual(rows.map((row) => row.bucketAt).sort());
    expect(rows.every((row) => row.requests === 5)).toBe(true);
    expect(ring.samplesSince(REF, 0, T + 4_001 * S).length).toBe(600);
  });

  it.each([
    ["untold before", false, [8]],
    ["told before", true, [3]],
  ])("tells a bucket of both times the same again and again after the clock was set back: %s", (_, before, counts) => {
    const ring = new TrafficRing();
    const count = (requests: number, atMs: number) => {
      for (let i = 0; i < requests; i++) ring.record("1", "status2xx", 3, atMs);
    };
    count(5, T + 62.5 * S);
    if (before) expect(ring.since(REF, T, T + 71 * S)).toMatchObject([{ requests: 5 }]);
    ring.clockSet(-60 * S);
    count(3, T + (before ? 8 : 5) * S);
    for (const nowS of [12, 17, 22])
      expect(ring.since(REF, T, T + nowS * S).map((row) => row.requests)).toEqual(counts);
    ring.clockSet(-60 * S);
    expect(ring.since(REF, T - 60 * S, T)).toEqual([]); // it is stored
  });

  it.each([
    ["back by an hour", -3_600],
    ["forward by an hour", 3_600],
    ["back by ten minutes", -600],
  ])("goes on when the clock is set %s, and keeps how old everything is", (_, seconds) => {
    const ring = new TrafficRing();
    for (const at of [1, 13]) ring.record("1", "status2xx", 1, T + at * S);
    expect(ring.since(REF, T, T + 12 * S)).toHaveLength(1); // told, and stored
    const then = T + (14 + seconds) * S;
    ring.clockSet(seconds * S);
    ring.record("1", "status5xx", 1, then);
    const seen = (rows: { bucketAt: string; requests: number }[]) =>
      rows.map((row) => [(Date.parse(row.bucketAt) - T) / S - seconds, row.requests]);
    expect(seen(ring.samplesSince(REF, then - 60 * S, then + 20 * S))).toEqual([
      [0, 1],
      [12, 1],
      [14, 1],
    ]);
    expect(seen(ring.since(REF, then - 60 * S, then + 20 * S))).toEqual([[10, 2]]); // the first is not told again
  });
});
