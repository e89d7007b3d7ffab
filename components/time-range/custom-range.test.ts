import { describe, expect, it } from "vitest";
import { customRange, toLocalInput } from "./custom-range.ts";

const kathmandu = () => 345;

describe("a range typed in", () => {
  it("is read in the viewer's zone, with and without seconds", () => {
    const { range } = customRange("2026-11-25T14:00", "2026-11-25T15:30:20", kathmandu);
    expect(range).toEqual({
      from: { kind: "at", ms: Date.parse("2026-11-25T08:15:00Z") },
      to: { kind: "at", ms: Date.parse("2026-11-25T09:45:20Z") },
    });
  });

  it("comes back as it was shown", () => {
    const at = Date.parse("2026-11-25T08:15:10Z");
    const { range } = customRange(toLocalInput(at, 345), toLocalInput(at + 60_000, 345), kathmandu);
    expect(range?.from).toEqual({ kind: "at", ms: at });
  });

  it.each([
    ["", "2026-11-25T15:30", /begins/],
    ["2026-11-25T15:30", "", /ends/],
    ["2026-11-25T15:30", "2026-11-25T15:30", /before it begins/],
    ["2020-11-25T15:30", "2026-11-25T15:30", /year/],
  ])("%s to %s is refused with the reason", (from, to, reason) => {
    expect(customRange(from, to, kathmandu)).toEqual({ range: null, error: expect.stringMatching(reason) });
  });
});
