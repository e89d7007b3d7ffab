import { expect, it } from "vitest";
import { withLocalTimes } from "./local-times.ts";

const NOW = Date.parse("2026-11-30T08:00:00Z");

// the tests run in Nepal, 5:45 h east of UTC
it.each([
  [
    "Telemetry is not taken in since 2026-11-30T07:26:47.149Z: it is away",
    "Telemetry is not taken in since 13:11:47 +05:45: it is away",
  ],
  ["since 2026-11-28T20:00:00Z.", "since 2026-11-29 01:45:00 +05:45."],
  ["frozen until 2026-11-30 09:00 UTC", "frozen until 14:45 +05:45"],
  ["from 2026-11-30T07:00:00Z to 2026-11-30T07:30:00Z", "from 12:45:00 +05:45 to 13:15:00 +05:45"],
  [
    "version 2026-11-30 is no time, nor is 2026-99-99T00:00:00Z",
    "version 2026-11-30 is no time, nor is 2026-99-99T00:00:00Z",
  ],
])("%s", (text, shown) => expect(withLocalTimes(text, null, NOW)).toBe(shown));

it("names the zone while that of the viewer is not known", () => {
  expect(withLocalTimes("since 2026-11-30T07:26:47.149Z", 0, NOW)).toBe("since 2026-11-30 07:26:47 +00:00");
});
