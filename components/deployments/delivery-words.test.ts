import { describe, expect, it } from "vitest";
import { type DeliveryRow, failuresOf, frequencyOf, leadTimeOf, restoreOf, restoreRatingOf } from "./delivery-words.ts";

const NOTHING: DeliveryRow = {
  ...{ service: "checkout", environment: "production", deployments: 0, perDay: 0, frequencyRating: null },
  ...{ leadTimeSeconds: null, leadTimeRating: null, leadTimeKnown: 0 },
  ...{
    changeFailureRate: null,
    failures: 0,
    changes: 0,
    failureRating: null,
    restoreSeconds: null,
    restoreRating: null,
  },
};
const plain = (words: { value: string | null; base: string }) =>
  [words.value, words.base].map((text) => text?.replaceAll("\u00a0", " ") ?? null);

describe("delivery in words", () => {
  it("says once that nothing was deployed", () => {
    expect([frequencyOf, leadTimeOf, failuresOf, restoreOf].map((words) => plain(words(NOTHING)))).toEqual([
      [null, "nothing was deployed"],
      [null, "–"],
      [null, "–"],
      [null, "–"],
    ]);
  });

  it("never says that nothing was deployed beside changes that failed", () => {
    const row = { ...NOTHING, changes: 1, failures: 1, changeFailureRate: 1, restoreSeconds: 42 };
    expect([frequencyOf, failuresOf, restoreOf].map((words) => plain(words(row)))).toEqual([
      [null, "none succeeded of 1 change"],
      ["100 %", "1 of 1 change"],
      ["42 s", "after 1 failure"],
    ]);
  });

  it("gives no mark for going back fast where no change got through", () => {
    const row = { ...NOTHING, changes: 1, failures: 1, restoreRating: "elite" as const };
    expect(restoreRatingOf(row)).toBeNull();
    expect(restoreRatingOf({ ...row, deployments: 3, changes: 4 })).toBe("elite");
  });

  it("says why there is no number", () => {
    expect(plain(restoreOf({ ...NOTHING, changes: 2 }))).toEqual([null, "nothing failed"]);
    expect(plain(leadTimeOf({ ...NOTHING, deployments: 3 }))).toEqual([null, "no commit times known: set committedAt"]);
    expect(plain(restoreOf({ ...NOTHING, changes: 1, failures: 1 }))).toEqual([null, "not restored yet"]);
  });

  it("never leaves a rate without what it is of", () => {
    const row = { ...NOTHING, changeFailureRate: 3 / 21, failures: 3, changes: 21 };
    expect(plain(failuresOf(row))).toEqual(["14.3 %", "3 of 21 changes"]);
    expect(plain(failuresOf({ ...row, changeFailureRate: 0, failures: 0, changes: 1 }))).toEqual([
      "0 %",
      "0 of 1 change",
    ]);
    expect(plain(leadTimeOf({ ...row, deployments: 18, leadTimeKnown: 12, leadTimeSeconds: 5_400 }))).toEqual([
      "1 h 30 min",
      "known of 12 of 18",
    ]);
    expect(plain(restoreOf({ ...row, restoreSeconds: 42 }))).toEqual(["42 s", "median after 3 failures"]);
  });

  it.each([
    { deployments: 60, perDay: 2, value: "2 a day" },
    { deployments: 30, perDay: 1, value: "1 a day" },
    { deployments: 15, perDay: 0.5, value: "3.5 a week" },
  ])("counts $deployments in 30 days as $value", ({ value, ...counted }) => {
    expect(frequencyOf({ ...NOTHING, ...counted }).value).toBe(value);
  });
});
