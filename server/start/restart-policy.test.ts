import { describe, expect, it } from "vitest";
import { recentEnds, restartDelayMs, withEnd } from "./restart-policy.ts";

describe("restartDelayMs", () => {
  it.each([
    ["the first end", [1_000_000], 100],
    ["the second within five minutes", [900_000, 1_000_000], 200],
    ["the fifth", [960_000, 970_000, 980_000, 990_000, 1_000_000], 1_600],
    ["the hundredth", Array.from({ length: 100 }, (_, i) => 1_000_000 + i), 30_000],
    ["five, the first of them long ago", [40_000, 970_000, 980_000, 990_000, 1_000_000], 800],
    ["one after a long calm", [1_000, 2_000, 3_000, 4_000, 900_000], 100],
  ])("%s", (_name, endedAtMs, expected) => expect(restartDelayMs(endedAtMs)).toBe(expected));
});

it("counts the ends of the last five minutes", () => {
  expect(recentEnds([])).toBe(0);
  expect(recentEnds([1_000, 500_000, 600_000])).toBe(2);
});

it("forgets earlier ends of a process that ran well before it was killed, however often", () => {
  let ends: number[] = [];
  for (let i = 1; i <= 50; i++) {
    ends = withEnd(ends, i * 30_000, 29_000);
    expect(restartDelayMs(ends)).toBe(100);
  }
  for (let i = 1; i <= 200; i++) ends = withEnd(ends, 1_500_000 + i, i % 2 ? 0 : 9_999);
  expect([ends.length, restartDelayMs(ends), restartDelayMs(ends, 1_000)]).toEqual([100, 30_000, 1_000]);
});
