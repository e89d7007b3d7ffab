import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storableText } from "./text.ts";

describe("storableText", () => {
  it.each([
    ["plain", 10, "plain"],
    ["a\0b", 10, "a\ufffdb"],
    ["\ud800x\udc00", 10, "\ufffdx\ufffd"],
    ["0123456789ab", 10, "012345678…"],
    ["01234567😀ab", 10, "01234567…"],
    ["0123456😀abc", 10, "0123456😀…"],
  ])("makes of %j, %i long at most, %j", (text, length, stored) => {
    expect(storableText(text, length)).toBe(stored);
  });

  it("is never too long, and always text that PostgreSQL takes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 2, max: 30 }), (text, length) => {
        const stored = storableText(text, length);
        expect(stored.length).toBeLessThanOrEqual(length);
        expect(stored.isWellFormed() && !stored.includes("\0")).toBe(true);
      }),
    );
  });
});
