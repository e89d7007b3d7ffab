import { describe, expect, it } from "vitest";
import { lineTime } from "./local-line-time.ts";

describe("lineTime", () => {
  it.each([
    ["2026-11-25T08:18:07.123456Z", false, 345, "14:03:07.123"],
    ["2026-11-25T20:18:07.120000Z", true, 345, "11-26 02:03:07.120"],
    ["2026-01-01T01:00:00Z", true, -210, "12-31 21:30:00.000"],
    ["no time", false, 0, "no time"],
  ])("%s (day: %s) at %s min is %s", (at, withDay, offset, text) => expect(lineTime(at, withDay, offset)).toBe(text));
});
