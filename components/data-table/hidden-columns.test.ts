import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Column } from "./column.ts";
import { isFixed, parseHidden, toggleHidden, writeHidden } from "./hidden-columns.ts";

const column = (id: string): Column<unknown> => ({ id, header: id, cell: () => null });
const COLUMNS = [
  column("service"),
  column("status"),
  { ...column("to"), fixed: true as const },
  column("p95"),
  column("cpu"),
];
const HIDEABLE = ["status", "p95", "cpu"];

describe("hidden columns in the URL", () => {
  it.each([
    [null, []],
    ["", []],
    ["p95", ["p95"]],
    ["cpu,p95,cpu", ["p95", "cpu"]],
    ["p95,gone,%00, cpu", ["p95"]],
    ["service,to,status", ["status"]],
  ])("%j hides %j", (text, ids) => {
    expect([...parseHidden(text, COLUMNS)]).toEqual(ids);
  });

  it("keeps the first column, and those that say so", () => {
    expect(COLUMNS.filter((one) => isFixed(COLUMNS, one)).map(({ id }) => id)).toEqual(["service", "to"]);
  });

  it("writes in the order of the columns, and nothing when all are shown", () => {
    expect(writeHidden(new Set(["cpu", "status"]), COLUMNS)).toBe("status,cpu");
    expect(writeHidden(new Set(), COLUMNS)).toBeNull();
  });

  it("reads what it has written", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...HIDEABLE)), (ids) => {
        const hidden = new Set(ids);
        expect(parseHidden(writeHidden(hidden, COLUMNS), COLUMNS)).toEqual(hidden);
      }),
    );
  });

  it("hides what is shown and shows what is hidden", () => {
    const before = new Set(["p95"]);
    expect(toggleHidden(before, "cpu")).toEqual(new Set(["p95", "cpu"]));
    expect(toggleHidden(before, "p95")).toEqual(new Set());
    expect(before).toEqual(new Set(["p95"]));
  });
});
