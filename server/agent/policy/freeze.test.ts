import { describe, expect, it } from "vitest";
import { type FreezeWindow, FreezeWindowSchema } from "./config.ts";
import { freezeAt, freezesAt, nextFreeze } from "./freeze.ts";
import { instantOf, wallClock } from "./zone-time.ts";

const scope = { service: "checkout", environment: "production" };
const window = (given: object): FreezeWindow => FreezeWindowSchema.parse({ name: "quiet", ...given });
const zurich = (days: string[], start: string, end: string, more: object = {}) =>
  window({ days, start, end, timeZone: "Europe/Zurich", ...more });
const untilAt = (windows: FreezeWindow[], at: string): string | null =>
  freezeAt(windows, { ...scope, at: new Date(at) })?.until.toISOString() ?? null;

const EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

describe("a recurring window", () => {
  // 27 November 2026 is a Friday; Zurich is an hour ahead of UTC in winter, two in summer
  const friday = zurich(["fri"], "16:00", "23:30");
  it.each([
    ["2026-11-27T14:59:59.999Z", null],
    ["2026-11-27T15:00:00.000Z", "2026-11-27T22:30:00.000Z"],
    ["2026-11-27T22:29:59.999Z", "2026-11-27T22:30:00.000Z"],
    ["2026-11-27T22:30:00.000Z", null],
    ["2026-11-26T16:00:00.000Z", null],
    ["2026-07-03T14:00:00.000Z", "2026-07-03T21:30:00.000Z"],
    ["2026-07-03T13:59:59.999Z", null],
  ])("in Zurich at %s: until %s", (at, until) => expect(untilAt([friday], at)).toBe(until));

  const night = zurich(["fri"], "22:00", "06:00");
  it.each([
    ["2026-11-27T20:59:59.000Z", null],
    ["2026-11-27T23:00:00.000Z", "2026-11-28T05:00:00.000Z"],
    ["2026-11-28T04:59:59.000Z", "2026-11-28T05:00:00.000Z"],
    ["2026-11-28T05:00:00.000Z", null],
    ["2026-11-27T04:00:00.000Z", null],
  ])("across midnight, at %s: until %s", (at, until) => expect(untilAt([night], at)).toBe(until));

  it.each([
    ["2026-11-27T22:59:59.000Z", null],
    ["2026-11-27T23:00:00.000Z", "2026-11-28T23:00:00.000Z"],
    ["2026-11-28T22:59:59.000Z", "2026-11-28T23:00:00.000Z"],
    ["2026-11-28T23:00:00.000Z", null],
  ])("of a whole day, at %s: until %s", (at, until) =>
    expect(untilAt([zurich(["sat"], "00:00", "00:00")], at)).toBe(until),
  );

  it("belongs to the day of its own zone", () => {
    const auckland = window({ days: ["mon"], start: "08:00", end: "09:00", timeZone: "Pacific/Auckland" });
    expect(untilAt([auckland], "2026-11-29T19:30:00.000Z")).toBe("2026-11-29T20:00:00.000Z"); // Sunday in UTC
    expect(untilAt([auckland], "2026-11-30T19:30:00.000Z")).toBeNull();
    const kathmandu = window({ days: ["wed"], start: "00:00", end: "01:00", timeZone: "Asia/Kathmandu" });
    expect(untilAt([kathmandu], "2026-11-24T18:15:00.000Z")).toBe("2026-11-24T19:15:00.000Z");
  });
});

describe("where clocks change", () => {
  // Zurich: 29 March 2026, 02:00 becomes 03:00 at 01:00 UTC; 25 October 2026, 03:00 becomes 02:00 at 01:00 UTC
  it.each([
    ["03:00 to 05:00 in spring begins with the skipped hour's end", "03:00", "05:00", "2026-03-29T00:59:59.999Z", null],
    ["and lasts to 05:00 in summer time", "03:00", "05:00", "2026-03-29T01:00:00.000Z", "2026-03-29T03:00:00.000Z"],
    ["01:00 to 04:00 is an hour shorter", "01:00", "04:00", "2026-03-29T00:00:00.000Z", "2026-03-29T02:00:00.000Z"],
    [
      "a start that is skipped is when it is skipped",
      "02:30",
      "04:00",
      "2026-03-29T01:00:00.000Z",
      "2026-03-29T02:00:00.000Z",
    ],
    ["not before", "02:30", "04:00", "2026-03-29T00:59:59.999Z", null],
    ["an end that is skipped, too", "01:00", "02:30", "2026-03-29T00:30:00.000Z", "2026-03-29T01:00:00.000Z"],
    ["22:00 to 06:00 over that night is 7 h", "22:00", "06:00", "2026-03-28T21:00:00.000Z", "2026-03-29T04:00:00.000Z"],
    [
      "22:00 to 06:00 over the long night is 9 h",
      "22:00",
      "06:00",
      "2026-10-24T20:00:00.000Z",
      "2026-10-25T05:00:00.000Z",
    ],
    ["an hour that comes twice counts twice", "02:00", "03:00", "2026-10-25T00:00:00.000Z", "2026-10-25T02:00:00.000Z"],
    ["also between", "02:15", "02:45", "2026-10-25T01:00:00.000Z", "2026-10-25T01:45:00.000Z"],
    ["and not after", "02:15", "02:45", "2026-10-25T01:45:00.000Z", null],
  ])("%s", (_, start, end, at, until) => {
    // one day only, so that no neighbour hides a slip
    const days = start === "22:00" ? ["sat"] : ["sun"];
    expect(untilAt([zurich(days, start, end)], at)).toBe(until);
  });

  it("the instant of a wall clock, there and back, at every quarter of an hour of both days", () => {
    for (const first of ["2026-03-28T22:00:00Z", "2026-10-24T21:00:00Z"])
      for (let i = 0; i < 110; i++) {
        const at = Date.parse(first) + i * 900_000;
        const wall = wallClock("Europe/Zurich", at);
        expect([instantOf("Europe/Zurich", wall, "first"), instantOf("Europe/Zurich", wall, "last")]).toContain(at);
      }
  });
});

describe("an absolute window", () => {
  const holidays = window({ from: "2026-12-23T17:00:00+01:00", to: "2027-01-02T08:00:00+01:00" });
  it.each([
    ["2026-12-23T15:59:59.999Z", null],
    ["2026-12-23T16:00:00.000Z", "2027-01-02T07:00:00.000Z"],
    ["2027-01-02T07:00:00.000Z", null],
  ])("at %s: until %s", (at, until) => expect(untilAt([holidays], at)).toBe(until));
});

it("windows that follow one another are one", () => {
  const weekend = [zurich(["fri"], "16:00", "00:00"), zurich(["sat", "sun"], "00:00", "00:00")];
  expect(untilAt(weekend, "2026-11-27T15:00:00Z")).toBe("2026-11-29T23:00:00.000Z");
  expect(freezesAt(weekend, { ...scope, at: new Date("2026-11-27T15:00:00Z") })[0]?.until.toISOString()).toBe(
    "2026-11-27T23:00:00.000Z",
  );
});

it("one that never ends is answered, too", () => {
  const always = zurich(EVERY_DAY, "00:00", "00:00");
  expect(Date.parse(untilAt([always], "2026-11-27T15:00:00Z")!)).toBeGreaterThan(Date.parse("2027-11-27T00:00:00Z"));
});

it.each([
  [{ environments: ["production"] }, true],
  [{ environments: ["staging"] }, false],
  [{ services: ["checkout", "payments"] }, true],
  [{ services: ["payments"] }, false],
  [{ environments: ["production"], services: ["payments"] }, false],
])("concerns whom it names: %o", (named, frozen) =>
  expect(untilAt([zurich(EVERY_DAY, "00:00", "00:00", named)], "2026-11-27T15:00:00Z") !== null).toBe(frozen),
);

it("the next one begins after now", () => {
  const windows = [
    zurich(["fri"], "16:00", "18:00"),
    window({ name: "later", from: "2026-12-20T00:00:00Z", to: "2026-12-21T00:00:00Z" }),
  ];
  const next = (at: string) => {
    const found = nextFreeze(windows, { ...scope, at: new Date(at) });
    return found && `${found.name} ${found.from.toISOString()}`;
  };
  expect(next("2026-11-26T00:00:00Z")).toBe("quiet 2026-11-27T15:00:00.000Z");
  expect(next("2026-11-27T15:00:00Z")).toBe("quiet 2026-12-04T15:00:00.000Z");
  expect(nextFreeze(windows.slice(1), { ...scope, at: new Date("2026-12-22T00:00:00Z") })).toBeNull();
  expect(nextFreeze(windows.slice(1), { ...scope, at: new Date("2026-11-22T00:00:00Z") })?.name).toBe("later");
});
