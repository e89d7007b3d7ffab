import { describe, expect, it } from "vitest";
import { bucketOf, emptyHistogram } from "./histogram.ts";
import { failedRequests, noOutcomes, OUTCOMES, type OutcomeCounts, slowTailMs, sumOutcomes } from "./outcomes.ts";

const histogram = (entries: Record<number, number>): number[] => {
  const counts = emptyHistogram();
  for (const [ms, count] of Object.entries(entries)) counts[bucketOf(Number(ms))] = count;
  return counts;
};
const counts = (more: Partial<OutcomeCounts>): OutcomeCounts => ({ ...noOutcomes(), ...more });

describe("failedRequests", () => {
  it.each([
    { name: "nothing", given: {}, tailMs: null, failed: 0 },
    { name: "4xx, 3xx and upgrades are no failures", given: { status4xx: 5, status3xx: 5, upgraded: 5 }, failed: 0 },
    { name: "what got no answer", given: { status5xx: 1, refused: 2, timedOut: 3, brokenOff: 4 }, failed: 10 },
    { name: "who left at once", given: { clientLeft: 7, leftAfter: histogram({ 50: 7 }) }, failed: 0 },
    { name: "who left late", given: { clientLeft: 7, leftAfter: histogram({ 2000: 7 }) }, failed: 7 },
    {
      name: "who left sooner than answers take here",
      given: { latency: histogram({ 6000: 100 }), leftAfter: histogram({ 2000: 7 }) },
      failed: 0,
    },
    {
      name: "a baseline's tail decides when given",
      given: { latency: histogram({ 6000: 100 }), leftAfter: histogram({ 2000: 7 }) },
      tailMs: 1_000,
      failed: 7,
    },
    {
      name: "those that timed out do not excuse those that left",
      given: { timedOut: 20, latency: histogram({ 20: 80, 60000: 20 }), leftAfter: histogram({ 2000: 7 }) },
      failed: 27,
    },
  ])("$name", ({ given, tailMs, failed }) => {
    expect(failedRequests(counts(given), tailMs ?? null)).toBe(failed);
  });

  it("has a floor under the slow tail of fast and of unknown services", () => {
    expect(slowTailMs(counts({ latency: histogram({ 2: 1_000 }) }))).toBe(1_000);
    expect(slowTailMs(counts({}))).toBe(1_000);
  });
});

describe("sumOutcomes", () => {
  it("adds every class and both histograms", () => {
    const one = Object.fromEntries(OUTCOMES.map((outcome, i) => [outcome, i + 1]));
    const row = counts({ ...one, requests: 45, latency: histogram({ 20: 3 }), leftAfter: histogram({ 2000: 5 }) });
    const sum = sumOutcomes([row, counts({}), row]);
    expect(OUTCOMES.map((outcome) => sum[outcome])).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect([sum.requests, sum.latency[bucketOf(20)], sum.leftAfter[bucketOf(2_000)]]).toEqual([90, 6, 10]);
  });
});
