import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { caretLines } from "./query-error.ts";

describe("the caret under a query", () => {
  it("stands under the column", () => {
    const { text, carets } = caretLines('timeout "open', { message: "", column: 9, length: 1 });
    expect(text).toBe('timeout "open');
    expect(carets).toBe("        ^");
  });

  it("shows the part of a long query that the error is in", () => {
    const query = `${"a ".repeat(60)}"open ${"b ".repeat(60)}`;
    const { text, carets } = caretLines(query, { message: "", column: 121, length: 400 });
    expect(text.at(carets.indexOf("^"))).toBe('"');
    expect(text.startsWith("…") && text.endsWith("…")).toBe(true);
    expect(carets.length).toBeLessThanOrEqual(text.length);
  });

  it("points at the character of its column in any query", () => {
    const query = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(query, fc.nat(), fc.integer({ min: 1, max: 50 }), (text, at, length) => {
        const column = (at % text.length) + 1;
        const shown = caretLines(text, { message: "", column, length });
        expect(shown.text.at(shown.carets.indexOf("^"))).toBe(text.at(column - 1));
      }),
    );
  });
});
