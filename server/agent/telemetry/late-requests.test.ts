import { describe, expect, it } from "vitest";
import { bucketOf, emptyHistogram } from "./histogram.ts";
import { lateRequests } from "./late-requests.ts";
import { noOutcomes, type OutcomeCounts, sumOutcomes } from "./outcomes.ts";

const histogram = (counts: Record<number, number>): number[] => {
  const made = emptyHistogram();
  for (const [ms, count] of Object.entries(counts)) made[bucketOf(Number(ms))] = count;
  return made;
};
/** so many answers, by how long they took in ms */
const answers = (counts: Record<number, number>): OutcomeCounts => {
  const requests = Object.values(counts).reduce((sum, one) => sum + one, 0);
  return { ...noOutcomes(), requests, status2xx: requests, latency: histogram(counts) };
};
const none = sumOutcomes([]);

describe("lateRequests", () => {
  const fast = answers({ 20: 60_000 });
  it.each([
    ["all hang, at a service that is usually fast", { 5000: 12 }, none, fast, [12, true]],
    ["each since another time", { 3000: 4, 9000: 4, 30000: 4 }, none, fast, [12, true]],
    ["a part of them hangs", { 5000: 60 }, answers({ 20: 900 }), fast, [60, false]],
    ["they hang since it was started", { 5000: 12 }, none, none, [12, false]],
    ["none waits for long", { 300: 40 }, answers({ 20: 900 }), fast, null],
    ["3 exports at night tell nothing", { 30000: 3 }, none, fast, null],
    ["they are less than a twentieth", { 5000: 40 }, answers({ 20: 1_000 }), fast, null],
    [
      "long polls wait as long as usual",
      { 20000: 60 },
      answers({ 20: 500, 30000: 60 }),
      answers({ 20: 30_000, 30000: 3_600 }),
      null,
    ],
    [
      "and hang behind long polls",
      { 70000: 60 },
      answers({ 20: 500 }),
      answers({ 20: 30_000, 30000: 3_600 }),
      [60, false],
    ],
  ] as const)("%s", (_name, pending, served, usual, expected) => {
    const late = lateRequests(histogram(pending), { served, usual }, 500);
    expect(late && [late.count, late.isAll]).toEqual(expected);
  });

  it("names a wait that each of them has passed", () => {
    const of = (limitMs: number) =>
      lateRequests(histogram({ 5000: 12 }), { served: none, usual: fast }, limitMs)?.limitMs;
    expect(of(500)).toBeGreaterThanOrEqual(500);
    expect(of(500)).toBeLessThan(5_000);
    expect(of(6_000)).toBeUndefined();
    expect(of(2_000)).toBe(2_000);
  });
});
