import { describe, expect, it } from "vitest";
import { parseLabels } from "./label-text.ts";

describe("the labels of a stream", () => {
  it.each<[string, [string, string][]]>([
    ["{}", []],
    ['{a="b"}', [["a", "b"]]],
    [
      ' { a="b" , c = "d", } ',
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      '{a="x,y}",b="q\\"uo\\\\te"}',
      [
        ["a", "x,y}"],
        ["b", 'q"uo\\te'],
      ],
    ],
    [
      '{a="line\\nbreak\\ttab", b="\\u00fc\\U0001F600\\x41\\xff\\101"}',
      [
        ["a", "line\nbreak\ttab"],
        ["b", "ü😀A\ufffdA"],
      ],
    ],
    ["{a=`raw\\n`}", [["a", "raw\\n"]]],
  ])("%s are read", (text, labels) => {
    expect(parseLabels(text)).toEqual(labels);
  });

  it.each([
    ["a=1", "they must stand in braces"],
    ['{a="b" c="d"}', 'name="value" is expected at column 2'],
    ['{a="b", 1="d"}', 'name="value" is expected at column 8'],
    ['{a="b}', 'name="value" is expected at column 2'],
    [`{${'a="b",'.repeat(200)}}`, "they are more than 128"],
  ])("%s are refused, and told where", (text, reason) => {
    expect(parseLabels(text)).toBe(reason);
  });
});
