import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alsoAsk, termsOf, withField, withoutField, wordsToMark, writeValue } from "./query-edit.ts";

describe("the text of a query", () => {
  it("is taken apart into its terms, finished or not", () => {
    expect(termsOf('timeout "rounding error" -user.name:"Ada B" level:warn "open').map(({ text }) => text)).toEqual([
      "timeout",
      '"rounding error"',
      '-user.name:"Ada B"',
      "level:warn",
      '"open',
    ]);
  });

  it.each([
    ["", "status", "500", false, "status:500"],
    ["timeout", "status", "500", true, "timeout -status:500"],
    ["status:500 timeout", "status", "500", true, "timeout -status:500"],
    ["-status:500", "status", "500", false, "status:500"],
    ["status:500", "status", "500", false, "status:500"],
    ["status:200", "status", "500", false, "status:200 status:500"],
    ["", "user.name", 'Ada "B"', false, 'user.name:"Ada \\"B\\""'],
  ])("%j and a click on %s=%s (out: %s) is %j", (query, field, value, negated, result) => {
    expect(withField(query, field, value, negated)).toBe(result);
  });

  it("keeps every value through writing and reading", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 100 }), (value) => {
        const [term, ...others] = termsOf(`f:${writeValue(value)}`);
        expect(others).toEqual([]);
        expect(term).toMatchObject({ field: "f", value });
      }),
    );
  });

  it("asks for the beginning of a long value", () => {
    expect(writeValue("x".repeat(500))).toBe(`${"x".repeat(120)}*`);
  });

  it("leaves a field out, and adds a part once", () => {
    expect(withoutField("timeout pattern:7 -pattern:8", "pattern")).toBe("timeout");
    expect(alsoAsk("timeout", "pattern:7")).toBe("timeout pattern:7");
    expect(alsoAsk("timeout pattern:7", "pattern:7")).toBe("timeout pattern:7");
  });

  it("marks what is asked for, not what is left out or stands in a field", () => {
    expect(wordsToMark('timeout "rounding error" -debug status:500 -"other thing"')).toEqual([
      "timeout",
      "rounding error",
    ]);
  });
});
