import { describe, expect, it } from "vitest";
import { attributeRows } from "./attribute-rows.ts";

describe("attributeRows", () => {
  it("flattens to the paths that the query language takes", () => {
    expect(
      attributeRows({ status: 500, user: { id: 7, tags: ["a", 1] }, none: null, empty: "", "odd key": "x" }),
    ).toEqual({
      rows: [
        { path: "status", value: "500", filterable: true },
        { path: "user.id", value: "7", filterable: true },
        { path: "user.tags", value: '["a",1]', filterable: false },
        { path: "none", value: "null", filterable: false },
        { path: "empty", value: "", filterable: false },
        { path: "odd key", value: "x", filterable: false },
      ],
      left: 0,
    });
  });

  it("stops at depth and at number, and says how many are left", () => {
    let deep: Record<string, unknown> = { end: 1 };
    for (let i = 0; i < 50; i++) deep = { a: deep };
    expect(attributeRows(deep).rows).toHaveLength(1);
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`k${i}`, i]));
    const { rows, left } = attributeRows(many);
    expect([rows.length, left]).toEqual([200, 50]);
  });
});
