import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countWithin } from "./page-within.ts";

describe("countWithin", () => {
  it.each([
    [[], 100, 0],
    [["aa", "bb"], 100, 2],
    [["aa", "bb", "cc"], 10, 2],
    [["a".repeat(50)], 10, 1],
    [["é".repeat(3), "b"], 9, 1],
  ])("%j within %d bytes: %d", (items, budget, count) => expect(countWithin(items, budget)).toBe(count));

  it("never takes more than fits, besides the first", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.nat(200), (items, budget) => {
        const taken = items.slice(0, countWithin(items, budget));
        if (taken.length > 1) expect(Buffer.byteLength(JSON.stringify(taken))).toBeLessThanOrEqual(budget + 2);
      }),
    );
  });
});
