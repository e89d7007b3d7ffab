import { describe, expect, it } from "vitest";
import { timeTicks, valueTicks } from "./ticks.ts";

describe("valueTicks", () => {
  it.each([
    [0, 1, [0, 0.25, 0.5, 0.75, 1]],
    [41, 1, [0, 20, 40, 60]],
    [100, 1, [0, 25, 50, 75, 100]],
    [312, 1, [0, 100, 200, 300, 400]],
    [0.3, 5, [0, 2, 4, 6]],
    [1_250_000, 1, [0, 500_000, 1_000_000, 1_500_000]],
  ])("up to %s (at least %s) is %j", (top, floor, ticks) => expect(valueTicks(top, floor)).toEqual(ticks));

  it("never has more than five, and always covers the top", () => {
    for (let top = 0.01; top < 10_000; top *= 1.37) {
      const ticks = valueTicks(top, 0.001);
      expect(ticks.length).toBeLessThanOrEqual(5);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(top * 0.999_999);
    }
  });
});

describe("timeTicks", () => {
  const at = (iso: string) => Date.parse(iso);
  it("falls on round minutes of the local clock", () => {
    const ticks = timeTicks(at("2026-11-22T08:03:00Z"), at("2026-11-22T09:03:00Z"), 345);
    expect(ticks.map((t) => new Date(t + 345 * 60_000).toISOString().slice(11, 16))).toEqual([
      "14:00",
      "14:15",
      "14:30",
      "14:45",
    ]);
  });

  it.each(["15", "60", "360", "1440", "10080", "43200", "129600"])(
    "has two to five ticks over %s minutes",
    (minutes) => {
      const from = at("2026-11-22T08:03:20Z");
      const ticks = timeTicks(from, from + Number(minutes) * 60_000, 345);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(5);
    },
  );
});
