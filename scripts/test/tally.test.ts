import { describe, expect, it } from "vitest";
import { countLine, failureLines, judgeRunner, NOTHING, nearestLine, sum, timeLines } from "./tally.ts";

const TIMES = { nearest: [], stages: [], slowest: [] };
const skipped = [{ name: "a > b", reason: "needs root" }];

describe("countLine", () => {
  it.each([
    [{ passed: 3, failed: 0, skipped: [], failures: [], ...TIMES }, "3 passed, 0 failed"],
    [{ passed: 3, failed: 1, skipped, failures: [], ...TIMES }, "3 passed, 1 failed, 1 skipped"],
  ])("prints %j as %s", (tally, line) => expect(countLine(tally)).toBe(line));
});

it("adds tallies", () => {
  expect(
    sum([
      { passed: 1, failed: 2, skipped, failures: [], ...TIMES },
      { passed: 4, failed: 0, skipped: [], failures: [], ...TIMES },
    ]),
  ).toEqual({
    passed: 5,
    failed: 2,
    skipped,
    failures: [],
    ...TIMES,
  });
});

it("keeps the five tests of all runners that came nearest to their limit", () => {
  const timed = (name: string, tookMs: number, limitMs: number) => ({ name, tookMs, limitMs });
  const unit = { ...NOTHING, nearest: [timed("a", 29_000, 30_000), timed("b", 10, 30_000), timed("never ends", 5, 0)] };
  const browser = { ...NOTHING, nearest: [1, 2, 3, 4].map((n) => timed(`c${n}`, n * 1_000, 120_000)) };
  expect(sum([unit, browser]).nearest.map(({ name }) => name)).toEqual(["a", "c4", "c3", "c2", "c1"]);
});

it("says what each stage took, and the ten files of all runners that took longest", () => {
  const files = (from: number) =>
    Array.from({ length: 8 }, (_, n) => ({ name: `f${from + n}`, tookMs: (from + n) * 100 }));
  const all = sum([
    { ...NOTHING, stages: [{ name: "lint", tookMs: 8_440 }], slowest: files(1) },
    { ...NOTHING, stages: [{ name: "unit", tookMs: 600_000 }], slowest: files(11) },
  ]);
  expect(timeLines(all)).toEqual([
    "stages: lint 8.4 s, unit 600.0 s",
    "slowest files: f18 1.8 s, f17 1.7 s, f16 1.6 s, f15 1.5 s, f14 1.4 s, f13 1.3 s, f12 1.2 s, f11 1.1 s, f8 0.8 s, f7 0.7 s",
  ]);
  expect(timeLines(NOTHING)).toEqual([]);
});

it("says how near, and when it is too near", () => {
  expect(nearestLine({ name: "a > b", tookMs: 6_000, limitMs: 60_000 })).toBe(
    "nearest to its limit: 10 % of 60 s, a > b",
  );
  expect(nearestLine({ name: "a > b", tookMs: 17_000, limitMs: 30_000 })).toContain("57 % of 30 s, a > b (more than");
});

describe("judgeRunner", () => {
  it.each([
    ["a crash", null, 1, 0, 1],
    ["a crash that ends with 0", null, 0, 0, 1],
    ["nothing ran", { passed: 0, failed: 0, skipped: [], failures: [], ...TIMES }, 0, 0, 1],
    ["only skipped tests", { passed: 0, failed: 0, skipped, failures: [], ...TIMES }, 0, 0, 1],
    ["green tests and a bad exit", { passed: 9, failed: 0, skipped: [], failures: [], ...TIMES }, 1, 9, 1],
    ["failed tests", { passed: 9, failed: 2, skipped: [], failures: [], ...TIMES }, 1, 9, 2],
    ["all green", { passed: 9, failed: 0, skipped: [], failures: [], ...TIMES }, 0, 9, 0],
  ])("%s", (_name, reported, exitCode, passed, failed) => {
    expect(judgeRunner("unit", reported, exitCode).tally).toMatchObject({ passed, failed });
  });
});

describe("failureLines", () => {
  it("says a failed test's name and message, and marks what it cuts", () => {
    const why = ["expected 1 to be 2", ...Array.from({ length: 30 }, (_, n) => `line ${n}`)].join("\n");
    const lines = failureLines([{ name: "a > b", why }]);
    expect(lines.slice(0, 2)).toEqual(["failed: a > b", "    expected 1 to be 2"]);
    expect(lines.at(-1)).toBe("    (19 more lines above)");
  });

  it("says how many more there are", () => {
    const failures = Array.from({ length: 23 }, (_, n) => ({ name: `t${n}`, why: "no" }));
    expect(failureLines(failures).at(-1)).toBe("failed: 3 more, named above");
  });

  it("names a runner that ended without a report", () => {
    expect(failureLines(judgeRunner("unit", null, 1).tally.failures)).toEqual([
      "failed: unit",
      "    it ended without a report",
    ]);
  });
});
