import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markExpression, piecesOf } from "./safe-text.ts";

const show = (body: string, words: string[] = [], longest = 10_000) =>
  piecesOf(body, { mark: markExpression(words), oneLine: true, longest });
const joined = (body: string, words: string[] = []) =>
  show(body, words)
    .pieces.map(({ kind, text }) => (kind === "text" ? text : kind === "mark" ? `[${text}]` : `{${text}}`))
    .join("");

describe("a hostile line", () => {
  it.each([
    ["bell\u0007 nul\u0000 del\u007f", "bell{␇} nul{␀} del{␡}"],
    ["file \u202egnp.exe\u202c end", "file {RLO}gnp.exe{PDF} end"],
    ["zero\u200bwidth \ufeffbom", "zero{ZWSP}width {BOM}bom"],
    ["\u001b[31;1mred\u001b[0m text", "red text"],
    ["\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007", "link"],
    ["lone escape \u001b", "lone escape {␛}"],
    ["one\r\ntwo\nthree\tfour", "one↵ two↵ three four"],
    ["👩‍👩‍👧 שלום", "👩‍👩‍👧 שלום"],
    ["tag \u{e0041}", "tag {U+E0041}"],
  ])("%j reads %s", (body, shown) => expect(joined(body)).toBe(shown));

  it("never lets a character through that cannot be seen or turns the text around", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (body) => {
        const text = show(body)
          .pieces.filter(({ kind }) => kind !== "sign")
          .map((piece) => piece.text);
        expect(text.join("")).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f]/u);
      }),
    );
  });

  it("is cut, and says how much is left; never in the middle of a character", () => {
    expect(show("x".repeat(50), [], 20)).toEqual({ pieces: [{ kind: "text", text: "x".repeat(20) }], left: 30 });
    expect(show("ab😀", [], 3)).toEqual({ pieces: [{ kind: "text", text: "ab" }], left: 2 });
  });
});

describe("words that were searched", () => {
  it.each([
    ["Rounding ERROR in cart", ["error"], "Rounding [ERROR] in cart"],
    ["a.b and axb", ["a.b"], "[a.b] and axb"],
    ["GET /api/cart/7", ["/api/*/7"], "GET [/api/cart/7]"],
    ["error errors", ["error", "errors"], "[error] [errors]"],
    ["nothing here", [], "nothing here"],
  ])("%s with %j: %s", (body, words, shown) => expect(joined(body, words)).toBe(shown));

  it("loses no character of an ordinary line", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), fc.array(fc.string({ minLength: 1, maxLength: 4 })), (body, words) => {
        expect(
          show(body, words)
            .pieces.map((piece) => piece.text)
            .join(""),
        ).toBe(body);
      }),
    );
  });
});
