import { describe, expect, it } from "vitest";
import { inside, listAt, nanosAsMsAt, numberAt, objectAt, parseJsonBody } from "./json.ts";

describe("JSON bodies", () => {
  it.each([
    ["", "The body is not JSON"],
    ['{"a":', "The body is not JSON"],
    ["null", "body must be an object, not null."],
    ["[1]", "body must be an object, not a list."],
  ])("%j is refused", (text, message) => {
    expect(() => parseJsonBody(Buffer.from(text))).toThrow(message);
  });

  it("may begin with a byte order mark", () => {
    expect(parseJsonBody(Buffer.from('\ufeff{"a":1}'))).toEqual({ a: 1 });
  });

  it.each([
    ["5", 5],
    [5.5, 5.5],
    ["-1e3", -1000],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["NaN", Number.NaN],
    [null, 0],
  ])("%j is a number", (value, number) => {
    expect(numberAt(value, "n")).toBe(number);
  });

  it.each(["", " ", "five", true, [5]])("%j is no number", (value) => {
    expect(() => numberAt(value, "n")).toThrow("n must be a number");
  });

  it.each([
    ["1772366400123456789", 1_772_366_400_123.456],
    ["999", 0],
    [1_772_366_400_123_456_000, 1_772_366_400_123.456],
    [undefined, 0],
  ])("%j nanoseconds are %d ms", (nanos, ms) => {
    expect(nanosAsMsAt(nanos, "t")).toBe(ms);
  });

  it.each([-1, "-1", "NaN", "12:00"])("%j are no nanoseconds", (nanos) => {
    expect(() => nanosAsMsAt(nanos, "t")).toThrow("t must be");
  });

  it("tell the whole path to what is wrong", () => {
    const read = () => inside("list[3]", () => inside("part", () => objectAt(5, "")));
    expect(read).toThrow("list[3].part must be an object, not number.");
    expect(() => inside("list[3]", () => listAt({}, "inner"))).toThrow("list[3].inner must be a list, not object.");
  });
});
