import { describe, expect, it } from "vitest";
import { groupingAccuracy, parseCsv } from "./loghub.ts";

describe("parseCsv", () => {
  it.each([
    [
      "plain fields",
      "a,b\n1,2\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "no line break at the end, an empty last field",
      "a,b\r\n1,",
      [
        ["a", "b"],
        ["1", ""],
      ],
    ],
    [
      "quotes, commas and line breaks in quotes",
      '\ufeffa,b\n"say ""x"", y","1\n2"\n',
      [
        ["a", "b"],
        ['say "x", y', "1\n2"],
      ],
    ],
    ["quotes within a plain field", 'a "b" c,d\n', [['a "b" c', "d"]]],
  ])("reads %s", (_, text, rows) => {
    expect(parseCsv(text)).toEqual(rows);
  });
});

describe("grouping accuracy", () => {
  it.each([
    ["all right, whatever the groups are called", [7, 7, 9], ["a", "a", "b"], 1],
    ["a message split in two counts for nothing", [1, 2, 3], ["a", "a", "b"], 1 / 3],
    ["two messages in one group count for nothing", [1, 1, 1, 2], ["a", "a", "b", "c"], 1 / 4],
  ])("%s", (_, groups, events, expected) => {
    expect(groupingAccuracy(groups, events)).toBeCloseTo(expected);
  });
});
