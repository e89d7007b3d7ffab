import { describe, expect, it } from "vitest";
import { changeBase, changeRatio, changeWords, shareWords } from "./pattern-change.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("a pattern's change", () => {
  it.each([
    [120, 100, "+20 %"],
    [60, 100, "−40 %"],
    [0, 100, "−100 %"],
    [100, 100, "same"],
    [320, 100, "×3.2"],
    [5_000, 100, "×50"],
    [7, 0, "none before"],
    [0, 0, "none"],
    [7, null, "unknown"],
  ])("from %s now to %s before is %s", (count, before, words) => {
    expect(plain(changeWords({ count, before }))).toBe(words);
  });

  it("sorts what was not there before first, and what is unknown last", () => {
    const rows = [
      { count: 7, before: null },
      { count: 300, before: 100 },
      { count: 1, before: 0 },
    ];
    expect(rows.map(changeRatio)).toEqual([null, 3, Number.MAX_SAFE_INTEGER]);
  });

  it("gives a change its base, and never calls a small share nothing", () => {
    expect(plain(changeBase({ count: 1_200, before: 80 }))).toBe("1 200 lines, 80 in the equal time before");
    expect(changeBase({ count: 2, before: null })).toMatch(/nothing is known/);
    expect([0.041, 0.00001, 0].map((share) => plain(shareWords(share)))).toEqual(["4.1 %", "<0.01 %", "0 %"]);
  });
});
