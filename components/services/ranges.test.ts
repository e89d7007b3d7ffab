import { describe, expect, it } from "vitest";
import type { TimeRange } from "../time-range/range.ts";
import { coveringRange, movedRange } from "./ranges.ts";

const to = new Date("2026-11-25T12:00:00Z");
const ended = (ms: number): TimeRange => ({ from: { kind: "ago", ms: ms + 1_000 }, to: { kind: "ago", ms } });
const window = (minutes: number) => ({ from: new Date(to.getTime() - minutes * 60_000), to });

describe("coveringRange", () => {
  it.each([
    [5, "15m"],
    [15, "15m"],
    [16, "1h"],
    [60, "1h"],
    [360, "6h"],
    [10_080, "24h"],
  ])("covers %i minutes that end now with %s", (minutes, range) => {
    expect(coveringRange(ended(0), window(minutes))).toBe(range);
  });

  it("looks back as far as it can for what is over", () => {
    expect(coveringRange(ended(3_600_000), window(5))).toBe("24h");
    expect(coveringRange({ ...ended(0), to: { kind: "at", ms: to.getTime() } }, window(5))).toBe("24h");
  });
});

describe("movedRange", () => {
  it("keeps links from before working", () => {
    expect(movedRange("6h")).toEqual({ from: "now-6h", to: "now" });
    expect([movedRange("2h"), movedRange(null)]).toEqual([null, null]);
  });
});
