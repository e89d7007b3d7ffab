import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clipText } from "./clip-text.ts";

describe("clipText", () => {
  it.each([
    ["short", 10, "short"],
    ["exactly", 7, "exactly"],
    ["too long", 5, "too …"],
    ["ab😀cd", 4, "ab…"],
  ])("%j to %d characters: %j", (text, max, clipped) => expect(clipText(text, max)).toBe(clipped));

  it("never leaves half a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 40 }), (text, max) => {
        const clipped = clipText(text, max);
        expect(clipped.length).toBeLessThanOrEqual(max);
        expect(clipped.isWellFormed()).toBe(true);
      }),
    );
  });
});
