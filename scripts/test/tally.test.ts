import { describe, expect, it } from "vitest";
import { countLine, judgeRunner, sum } from "./tally.ts";

const skipped = [{ name: "a > b", reason: "needs root" }];

describe("countLine", () => {
  it.each([
    [{ passed: 3, failed: 0, skipped: [] }, "3 passed, 0 failed"],
    [{ passed: 3, failed: 1, skipped }, "3 passed, 1 failed, 1 skipped"],
  ])("prints %j as %s", (tally, line) => expect(countLine(tally)).toBe(line));
});

it("adds tallies", () => {
  expect(
    sum([
      { passed: 1, failed: 2, skipped },
      { passed: 4, failed: 0, skipped: [] },
    ]),
  ).toEqual({
    passed: 5,
    failed: 2,
    skipped,
  });
});

describe("judgeRunner", () => {
  it.each([
    ["a crash", null, 1, 0, 1],
    ["a crash that ends with 0", null, 0, 0, 1],
    ["nothing ran", { passed: 0, failed: 0, skipped: [] }, 0, 0, 1],
    ["only skipped tests", { passed: 0, failed: 0, skipped }, 0, 0, 1],
    ["green tests and a bad exit", { passed: 9, failed: 0, skipped: [] }, 1, 9, 1],
    ["failed tests", { passed: 9, failed: 2, skipped: [] }, 1, 9, 2],
    ["all green", { passed: 9, failed: 0, skipped: [] }, 0, 9, 0],
  ])("%s", (_name, reported, exitCode, passed, failed) => {
    expect(judgeRunner(reported, exitCode).tally).toMatchObject({ passed, failed });
  });
});
