import { describe, expect, it } from "vitest";
import { compareTraffic, windowsFor } from "./compare-traffic.ts";

const START = Date.parse("2026-03-01T10:00:00Z");
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const point = (
  seconds: number,
  requestsPerSecond: number | null,
  errorPercent: number | null,
  p95Ms: number | null,
) => ({
  t: at(seconds),
  requestsPerSecond,
  errorPercent,
  p95Ms,
});
const windows = { changedMs: START, fromMs: START - 60_000, toMs: START + 60_000 };
const steady = (from: number, errorPercent: number, p95Ms: number, rate = 10) =>
  [0, 10, 20, 30, 40, 50].map((offset) => point(from + offset, rate, errorPercent, p95Ms));

describe("compareTraffic", () => {
  it.each([
    ["errors rise", steady(-60, 0.2, 100), steady(0, 5, 100), "worse", ["more errors"]],
    ["latency doubles", steady(-60, 0, 100), steady(0, 0, 200), "worse", ["slower"]],
    ["it gets faster", steady(-60, 0, 100), steady(0, 0, 60), "better", ["faster"]],
    ["faster but with errors", steady(-60, 0, 100), steady(0, 3, 50), "worse", ["more errors", "faster"]],
    ["noise", steady(-60, 0.1, 100), steady(0, 0.4, 108), "same", []],
    ["a big ratio of little time", steady(-60, 0, 2), steady(0, 0, 5), "same", []],
    ["hardly any traffic", steady(-60, 0, 100, 0.5), steady(0, 50, 900, 0.5), "unknown", []],
    ["nothing before", [], steady(0, 5, 100), "unknown", []],
  ])("%s", (_name, before, after, verdict, reasons) => {
    expect(compareTraffic([...before, ...after], 10, windows)).toMatchObject({ verdict, reasons });
  });

  it("weighs errors by requests and leaves gaps and the bucket of the change out", () => {
    const series = [
      point(-30, 30, 0, 10),
      point(-20, 10, 4, 20),
      point(-10, null, null, null),
      point(-5, 1000, 100, 5000),
      ...steady(10, 1, 20),
    ];
    const { before, after } = compareTraffic(series, 10, { ...windows, toMs: START + 70_000 });
    expect(before).toEqual({ requests: 400, errorPercent: 1, p95Ms: 10 });
    expect(after.requests).toBe(600);
  });
});

describe("windowsFor", () => {
  it.each([
    [60, "1h"],
    [3_600, "6h"],
    [40_000, "24h"],
  ])("covers a start %s s ago with %s", (age, range) => {
    expect(windowsFor(at(0), null, true, START + age * 1000)?.range).toBe(range);
  });
  it("ends a quarter of an hour after the deployment did", () => {
    expect(windowsFor(at(0), at(60), true, START + 7_200_000)?.windows.toMs).toBe(START + 60_000 + 900_000);
  });
  it("ends with the deployment when the version did not stay", () => {
    expect(windowsFor(at(0), at(60), false, START + 7_200_000)?.windows.toMs).toBe(START + 60_000);
  });
  it("compares nothing when it is too long ago", () => {
    expect(windowsFor(at(0), at(60), true, START + 90_000_000)).toBeNull();
  });
});
