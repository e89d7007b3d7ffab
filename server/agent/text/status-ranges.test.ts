import { expect, it } from "vitest";
import { statusRanges } from "./status-ranges.ts";

const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

it.each<[string, number[], string]>([
  ["one", [204], "204"],
  ["two in a row", [200, 201], "200, 201"],
  ["a run", from(200, 204), "200 to 204"],
  ["whatever is no fault of the server", from(200, 499), "below 500"],
  ["the same with what is no final answer", from(100, 499), "below 500"],
  ["success and redirects", from(200, 399), "200 to 399"],
  ["runs and single ones, in any order, one twice", [503, 301, 202, 200, 201, 301], "200 to 202, 301, 503"],
  ["all there are", from(100, 599), "100 to 599"],
])("says %s", (_, statuses, said) => {
  expect(statusRanges(statuses)).toBe(said);
});

it("says at most 80 characters of a list without runs, and how many are left out", () => {
  const odd = from(100, 599).filter((status) => status % 2 === 1);
  const said = statusRanges(odd);
  expect(said.length).toBeLessThanOrEqual(80);
  const [, shown = "", more] = said.match(/^(.*) and (\d+) more$/) ?? [];
  expect(shown.split(", ").map(Number)).toEqual(odd.slice(0, shown.split(", ").length));
  expect(shown.split(", ").length + Number(more)).toBe(odd.length);
});
