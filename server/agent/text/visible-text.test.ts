import fc from "fast-check";
import { expect, it } from "vitest";
import { visibleText } from "./visible-line.ts";
import { escapeHiding, hidesSomething } from "./visible-text.ts";

it.each([
  ["pay\u202enow\u0007", "payRLOnow␇"],
  ["one\r\ntwo\nthree\tfour", "one↵ two↵ three four"],
  ["\u001b[31;1mred\u001b[0m text", "red text"],
  ["GET /orders 👩‍👩‍👧", "GET /orders 👩‍👩‍👧"],
])("%j reads %s", (text, shown) => expect(visibleText(text, 100)).toBe(shown));

it("has an end", () => {
  expect(visibleText("x".repeat(1_000), 10)).toBe(`${"x".repeat(9)}…`);
});

it("leaves nothing that cannot be seen, and is itself when it is read again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const shown = visibleText(text, 10_000);
      expect(shown).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069\u200b\u200e\u200f]/u);
      expect(visibleText(shown, 100_000)).toBe(shown);
    }),
  );
});

it.each([
  ["checkout", "checkout"],
  ["check\u200dout", "check\\u{200D}out"],
  ["evil\u202etxt.exe", "evil\\u{202E}txt.exe"],
  ["倉庫 👩‍👩‍👧", "倉庫 👩‍👩‍👧"],
  ["می\u200cخواهم", "می\u200cخواهم"],
  ["_\ufe0f\u{e0041}", "_\\u{FE0F}\\u{E0041}"],
  ["😀\ufe0f\ufe01\ufe02", "😀\ufe0f\\u{FE01}\\u{FE02}"],
  ["a\ufe01b\ufe0fc\ufe00", "a\\u{FE01}b\\u{FE0F}c\\u{FE00}"],
  ["1\ufe0f\u20e3 2\ufe0f", "1\ufe0f\u20e3 2\\u{FE0F}"],
  ["倉\ufe00庫\u200d倉", "倉\ufe00庫\\u{200D}倉"],
  ["❤\ufe0f\u200d🔥 a\u200d\u200cb", "❤\ufe0f\u200d🔥 a\\u{200D}\\u{200C}b"],
])("the name %j is written %s", (name, written) => expect(escapeHiding(name)).toBe(written));

it("leaves nothing in a name that hides, and is itself when it is written again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
      const written = escapeHiding(text);
      expect(hidesSomething(written.replace(/[\t\n]/g, ""))).toBe(false);
      expect(escapeHiding(written)).toBe(written);
    }),
  );
});
