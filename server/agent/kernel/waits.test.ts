import { describe, expect, it } from "vitest";
import { bucketOf, bucketUpperMs, emptyHistogram } from "../telemetry/histogram.ts";
import { quantileOf, waitsOf } from "./waits.ts";

const histogram = (counts: Record<number, number>): number[] => {
  const made = emptyHistogram();
  for (const [ms, count] of Object.entries(counts)) made[bucketOf(Number(ms))] = count;
  return made;
};
const p95 = (latency: Record<number, number>, leftAfter: Record<number, number>, limitMs = 1_000) =>
  quantileOf(waitsOf({ latency: histogram(latency), leftAfter: histogram(leftAfter) }, limitMs), 0.95);

describe("a quantile of waits", () => {
  it("counts waits that were given up as at least so long", () => {
    const { ms, base } = p95({ 300: 12 }, { 2000: 510 });
    expect(base).toEqual({ requests: 522, gaveUp: 510, isLeast: true });
    expect(ms, "no more than they waited").toBeLessThanOrEqual(2_000);
    expect(ms).toBe(bucketUpperMs(bucketOf(2_000) - 1));
  });

  it("is exact where those who gave up had waited for longer", () => {
    const { ms, base } = p95({ 300: 1_000 }, { 2000: 10 });
    expect(base).toEqual({ requests: 1_010, gaveUp: 10, isLeast: false });
    expect(bucketOf(ms ?? 0)).toBe(bucketOf(300));
  });

  it("is a lower bound where they had not", () => {
    expect(p95({ 3000: 900 }, { 2000: 100 }).base.isLeast).toBe(true);
  });

  it.each([
    ["at once", { 20: 510 }, 1_000],
    ["where leaving is a choice", { 2000: 510 }, Infinity],
  ])("leaves out who left %s", (_, left, limitMs) => {
    const { ms, base } = p95({ 300: 12 }, left, limitMs);
    expect(base).toEqual({ requests: 12, gaveUp: 0, isLeast: false });
    expect(bucketOf(ms ?? 0)).toBe(bucketOf(300));
  });

  it("of nothing is nothing", () => {
    expect(p95({}, {})).toEqual({ ms: null, base: { requests: 0, gaveUp: 0, isLeast: false } });
  });
});
