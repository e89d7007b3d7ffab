import { describe, expect, it } from "vitest";
import { nextSorting, parseSorting, sortRows, writeSorting } from "./sort-rows.ts";

describe("sorting of a table", () => {
  const rows = [{ v: 2 }, { v: null }, { v: 10 }, { v: 1 }];
  it("puts what is missing last in both directions", () => {
    expect(sortRows(rows, (row) => row.v, "asc").map((row) => row.v)).toEqual([1, 2, 10, null]);
    expect(sortRows(rows, (row) => row.v, "desc").map((row) => row.v)).toEqual([10, 2, 1, null]);
  });

  it("reads numbers inside of names", () => {
    const names = ["v2.10", "v2.9", "v2.1"];
    expect(sortRows(names, (name) => name, "asc")).toEqual(["v2.1", "v2.9", "v2.10"]);
  });

  it("goes descending, ascending, given order", () => {
    const first = nextSorting(null, "p95");
    const second = nextSorting(first, "p95");
    expect([first, second, nextSorting(second, "p95")]).toEqual([
      { column: "p95", direction: "desc" },
      { column: "p95", direction: "asc" },
      null,
    ]);
    expect(nextSorting(second, "name")).toEqual({ column: "name", direction: "desc" });
  });

  it("survives the URL, and ignores what is not one", () => {
    expect(parseSorting(writeSorting({ column: "req-s", direction: "asc" }))).toEqual({
      column: "req-s",
      direction: "asc",
    });
    expect(parseSorting("p95.sideways")).toBeNull();
    expect(parseSorting(null)).toBeNull();
  });
});
