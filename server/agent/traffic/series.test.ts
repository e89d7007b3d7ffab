import { describe, expect, it } from "vitest";
import type { TrafficCounts } from "../ports/traffic.ts";
import { bucketOf, bucketUpperMs, emptyHistogram } from "../telemetry/histogram.ts";
import { noOutcomes } from "../telemetry/outcomes.ts";
import { requestRate, servedWithin, trafficFigures, trafficSeries } from "./series.ts";
import { sumBy } from "./traffic-store.ts";

const T0 = Date.parse("2026-03-01T12:00:00.000Z");
const bucket = (offsetSeconds: number, requests: number, errors = 0, latencyMs = 20, version = "1"): TrafficCounts => {
  const latency = emptyHistogram();
  latency[bucketOf(latencyMs)] = requests;
  return {
    ...noOutcomes(),
    service: "a",
    environment: "b",
    version,
    bucketAt: new Date(T0 + offsetSeconds * 1_000).toISOString(),
    requests,
    status2xx: requests - errors,
    status3xx: 0,
    status4xx: 0,
    status5xx: errors,
    latency,
    usage: { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null },
  };
};

describe("requestRate", () => {
  const perSecond = 20;
  /** complete buckets of requests that began at `startMs`, as the platform tells them */
  const rowsOf = (startMs: number, untilMs: number) => {
    const first = Math.floor((startMs - T0) / 10_000);
    const last = Math.floor((untilMs - T0) / 10_000);
    return Array.from({ length: Math.max(0, last - first) }, (_, i) => {
      const fromMs = Math.max(startMs, T0 + (first + i) * 10_000);
      return bucket((first + i) * 10, ((T0 + (first + i + 1) * 10_000 - fromMs) / 1_000) * perSecond);
    });
  };
  const ages = [20, 25, 60, 240, 600];
  const cases = ages.flatMap((age) => [0, 3, 5, 9.9].map((offset) => [age, offset] as const));

  it.each(cases)("%s s after requests began %s s into a bucket is that of the requests", (age, offset) => {
    const startMs = T0 + offset * 1_000;
    const now = new Date(startMs + age * 1_000);
    const rows = rowsOf(startMs, now.getTime());
    for (const countedSince of [null, new Date(startMs - 2_000)]) {
      const { requestsPerSecond, overSeconds } = trafficFigures(rows, sumBy(rows, 60_000), {
        ...{ now, countedSince, counted: true },
      });
      expect(requestsPerSecond).toBeGreaterThan(perSecond * 0.9);
      expect(requestsPerSecond).toBeLessThan(perSecond * 1.1);
      if (age < 300) expect(overSeconds).toBeLessThanOrEqual(age);
      else expect(overSeconds).toBeNull();
    }
  });

  it("begins anew where the balancer does, whatever was counted before", () => {
    const rows = [...rowsOf(T0 - 3_600_000, T0 - 900_000), ...rowsOf(T0 + 5_000, T0 + 60_000)];
    const given = { now: new Date(T0 + 60_000), countedSince: new Date(T0), counted: true };
    expect(trafficFigures(rows, sumBy(rows, 60_000), given)).toMatchObject({
      ...{ requestsPerSecond: 1_100 / 60, overSeconds: 60 },
    });
  });

  it("counts a burst in one bucket, whenever the balancer began to count", () => {
    const now = new Date(T0 + 100_000);
    const rows = [bucket(40, 500, 500)];
    for (const agoMs of [51_000, 55_000, 59_999, 60_000, 200_000, 240_000, 299_000, 600_000, null]) {
      const countedSince = agoMs === null ? null : new Date(now.getTime() - agoMs);
      const { requestsPerSecond, overSeconds, requests } = trafficFigures(rows, [], {
        now,
        countedSince,
        counted: true,
      });
      expect(requestsPerSecond, `${agoMs}`).toBeCloseTo(500 / (overSeconds ?? 300), 6);
      expect(requests).toBe(500);
      expect(overSeconds ?? 300).toBeLessThanOrEqual(Math.min(300, (agoMs ?? 60_000) + 10_000));
    }
    expect(requestRate([bucket(80, 500)], { now, counted: true, seconds: 120 })).toEqual({
      ...{ perSecond: 50, overSeconds: 10 },
    });
  });

  it("is not of a moment of requests after minutes without any", () => {
    const now = new Date(T0 + 230_000);
    const given = { now, counted: true, countedSince: new Date(T0 - 5_000) };
    const { requestsPerSecond, overSeconds } = trafficFigures([bucket(200, 100), bucket(210, 100)], [], given);
    expect([requestsPerSecond, overSeconds]).toEqual([200 / 220, 220]);
  });

  it("is of the whole window where it was counted and quiet", () => {
    const given = { now: new Date(T0 + 60_000), counted: true, seconds: 120 };
    const rows = rowsOf(T0 + 30_000, T0 + 60_000);
    const whole = { perSecond: 5, overSeconds: null };
    expect(requestRate(rows, { ...given, countedSince: new Date(T0 - 600_000) })).toEqual(whole);
    expect(requestRate(rows, { ...given, isOld: true })).toEqual(whole);
    expect(requestRate([], given)).toEqual({ perSecond: 0, overSeconds: null });
  });

  it("is not known while there is no complete bucket", () => {
    const given = { now: new Date(T0 + 12_000), counted: true, seconds: 300, countedSince: new Date(T0 + 4_000) };
    expect(requestRate(rowsOf(T0 + 5_000, T0 + 12_000), given).perSecond).toBeNull();
  });
});

describe("trafficFigures", () => {
  const now = new Date(T0 + 75_000);

  it("sums the newest five complete minutes over all versions, the window of the status", () => {
    const rows = [-250, -240, -180, 0, 40, 50].flatMap((at) => [bucket(at, 50, 1), bucket(at, 50, 2, 20, "2")]);
    const figures = trafficFigures(rows, [], { now, counted: true });
    expect(figures.requests, "the first is older than the window").toBe(500);
    expect(figures.requestsPerSecond).toBe(500 / 300);
    expect(figures.errorPercent).toBeCloseTo(3, 10);
  });

  it("counts as failed what was not answered: refused, timed out, broken off, left after a long wait", () => {
    const waits = emptyHistogram();
    waits[bucketOf(2_000)] = 25;
    const hanging = { ...bucket(0, 75), requests: 112, clientLeft: 25, leftAfter: waits };
    const row = { ...hanging, refused: 4, timedOut: 4, brokenOff: 4 };
    expect(trafficFigures([row], [], { now, counted: true }).errorPercent).toBeCloseTo((37 / 112) * 100, 10);
  });

  it("has the waits that clients gave up in its p95, as at least so long, and says how many", () => {
    const leftAfter = emptyHistogram();
    leftAfter[bucketOf(2_000)] = 510;
    const hanging = { ...bucket(0, 12), requests: 532, clientLeft: 510, refused: 10, leftAfter };
    const base = { requests: 522, gaveUp: 510, isLeast: true };
    const [least, most] = [bucketUpperMs(bucketOf(2_000) - 1), 2_000];
    const figures = trafficFigures([hanging], [hanging], { now, counted: true });
    const served = servedWithin([hanging], { now, counted: true, seconds: 60 });
    const range = { from: new Date(T0), to: new Date(T0 + 10_000), stepSeconds: 10 };
    expect(figures).toMatchObject({ p95Requests: 522, p95GaveUp: 510, p95IsLeast: true });
    expect(served?.p95Base).toEqual(base);
    const shown = [
      figures.p95Ms,
      served?.p95Ms,
      trafficSeries([hanging], range)[0]?.p95Ms,
      figures.p95Series.find((one) => one !== null),
    ];
    for (const ms of shown) {
      expect(ms).toBeGreaterThanOrEqual(least);
      expect(ms).toBeLessThanOrEqual(most);
    }
  });

  it("leaves out buckets that are still incomplete", () => {
    expect(trafficFigures([bucket(70, 999)], [], { now, counted: true }).requests).toBe(0);
  });

  it.each([0, 1, 5, 9.9])("counts requests and their rate until the same moment, %s s into a bucket", (into) => {
    const rows = Array.from({ length: 6 }, (_, i) => bucket(i * 10, 400, 40));
    const at = new Date(T0 + 60_000 + into * 1_000);
    const told = trafficFigures(rows, [], { now: at, counted: true, countedSince: new Date(T0) });
    expect(told).toMatchObject({ overSeconds: 60, requests: 2_400, requestsPerSecond: 40 });
    expect(servedWithin(rows, { now: at, counted: true, seconds: 60 })).toMatchObject({ requests: 2_400, failed: 240 });
  });

  it("tells zero from unknown", () => {
    expect(trafficFigures([], [], { now, counted: true })).toMatchObject({
      requestsPerSecond: 0,
      errorPercent: null,
      p95Ms: null,
    });
    expect(trafficFigures([], [], { now, counted: false }).requestsPerSecond).toBeNull();
  });

  it("gives an hour of minutes in which a missing one is a gap", () => {
    const { p95Series } = trafficFigures([], [bucket(0, 10, 0, 100)], { now, counted: true });
    expect(p95Series).toHaveLength(60);
    expect(p95Series[58]).toBeGreaterThan(80);
    expect(p95Series.filter((value) => value !== null)).toHaveLength(1);
  });
});

describe("trafficSeries", () => {
  it("has every bucket of the range, gaps included", () => {
    const points = trafficSeries([bucket(0, 30), bucket(10, 30), bucket(60, 90, 9)], {
      from: new Date(T0),
      to: new Date(T0 + 90_000),
      stepSeconds: 30,
    });
    expect(points.map((point) => point.requestsPerSecond)).toEqual([2, null, 3]);
    expect(points.map((point) => point.errorPercent)).toEqual([0, null, 10]);
  });
});

describe("sumBy", () => {
  it("adds buckets of the same minute and version only", () => {
    const sums = sumBy([bucket(0, 1), bucket(50, 2, 1), bucket(60, 4), bucket(0, 8, 0, 20, "2")], 60_000);
    expect(sums.map((sum) => sum.requests).sort()).toEqual([3, 4, 8]);
    expect(sums[0]?.latency.reduce((a, b) => a + b)).toBe(3);
  });
});
