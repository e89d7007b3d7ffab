import { describe, expect, it } from "vitest";
import { bucketOf, emptyHistogram } from "./histogram.ts";
import { failedRequests, noOutcomes, OUTCOMES, type OutcomeCounts, sumOutcomes, waitLimitMs } from "./outcomes.ts";

const histogram = (entries: Record<number, number>): number[] => {
  const counts = emptyHistogram();
  for (const [ms, count] of Object.entries(entries)) counts[bucketOf(Number(ms))] = count;
  return counts;
};
const counts = (more: Partial<OutcomeCounts>): OutcomeCounts => ({ ...noOutcomes(), ...more });

describe("failedRequests", () => {
  it.each([
    { name: "nothing", given: {}, limitMs: null, failed: 0 },
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
      name: "a limit decides when given",
      given: { latency: histogram({ 6000: 100 }), leftAfter: histogram({ 2000: 7 }) },
      limitMs: 1_000,
      failed: 7,
    },
    {
      name: "those that timed out do not excuse those that left",
      given: { timedOut: 20, latency: histogram({ 20: 80, 60000: 20 }), leftAfter: histogram({ 2000: 7 }) },
      failed: 27,
    },
  ])("$name", ({ given, limitMs, failed }) => {
    expect(failedRequests(counts(given), limitMs ?? null)).toBe(failed);
  });

  const left = (entries: Record<number, number>) => {
    const leftAfter = histogram(entries);
    return { leftAfter, clientLeft: leftAfter.reduce((sum, count) => sum + count, 0) };
  };
  it.each([
    ["all hang and are left after 0.9 s", { ...left({ 900: 1_000 }) }, 1_000],
    ["all hang and are left after exactly 1 s", { ...left({ 1000: 1_000 }) }, 1_000],
    ["all hang and are left after 0.3 s, a check aside", { latency: histogram({ 1: 10 }), ...left({ 300: 990 }) }, 990],
    ["30 % are left after 2 s", { latency: histogram({ 20: 686, 3000: 14 }), ...left({ 2000: 300 }) }, 300],
    ["989 are left after 10 s", { latency: histogram({ 20000: 11 }), ...left({ 10000: 989 }) }, 989],
    ["989 are left after 0.5 s", { latency: histogram({ 20000: 11 }), ...left({ 500: 989 }) }, 989],
    ["25 % are left after 0.8 s", { latency: histogram({ 20: 750 }), ...left({ 800: 250 }) }, 250],
    ["60 % are left after 0.5 s", { latency: histogram({ 20: 400 }), ...left({ 500: 600 }) }, 600],
    [
      "20 % are left after 2 s beside as many slow errors",
      { status5xx: 200, latency: histogram({ 20: 600, 3000: 200 }), ...left({ 2000: 200 }) },
      400,
    ],
  ])("counts who was let wait: %s", (_, given, failed) => {
    expect(failedRequests(counts(given), null)).toBe(failed);
  });

  it.each([
    ["typeahead", { latency: histogram({ 50: 10, 100: 15, 150: 15, 200: 10 }), ...left({ 100: 50 }) }],
    ["typeahead, nearly all cancelled", { latency: histogram({ 60: 3, 100: 4, 150: 3 }), ...left({ 100: 90 }) }],
    ["typeahead, slower ones all cancelled", { latency: histogram({ 60: 20, 90: 30 }), ...left({ 100: 50 }) }],
    ["reports that take 20 s", { latency: histogram({ 20000: 950 }), ...left({ 10000: 50 }) }],
    ["some slow pages", { latency: histogram({ 20: 900, 3000: 100 }), ...left({ 1500: 30, 40: 20 }) }],
    ["visitors that go at once", { latency: histogram({ 2: 1_000 }), ...left({ 1: 40, 10: 40, 60: 40 }) }],
  ])("does not count who did not care to wait: %s", (_, given) => {
    expect(failedRequests(counts(given), null)).toBe(0);
  });

  it("takes what is usual from a reference, whatever the judged ones look like", () => {
    const usual = counts({ latency: histogram({ 20: 980, 3000: 20 }) });
    const canary = counts({ latency: histogram({ 3000: 70 }), ...left({ 2000: 30 }) });
    expect(failedRequests(canary, null)).toBe(0);
    expect(failedRequests(canary, waitLimitMs(canary, usual))).toBe(30);
    const few = counts({ latency: histogram({ 20: 1 }), ...left({ 2000: 1 }) });
    const slow = counts({ latency: histogram({ 20: 400, 4000: 600 }) });
    expect(failedRequests(few, waitLimitMs(few, slow))).toBe(0);
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
