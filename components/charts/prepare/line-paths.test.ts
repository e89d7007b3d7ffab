import { describe, expect, it } from "vitest";
import { linePaths, nearestLine, placeIn, rowAt } from "./line-paths.ts";
import { preparePanel } from "./panel.ts";

const at = (second: number) => new Date(Date.parse("2026-11-22T08:00:00Z") + second * 1_000).toISOString();
const panelOf = (values: readonly (number | null)[]) =>
  preparePanel(
    {
      unit: "percent",
      lines: [
        { key: "a", label: "a", weight: "main" },
        { key: "b", label: "b", weight: "second" },
      ],
      points: values.map((value, i) => ({ t: at(i * 10), a: value, b: value === null ? null : value * 2 })),
      markers: [],
      stepSeconds: 10,
    },
    0,
  );
const pathOf = (values: readonly (number | null)[]) => linePaths(panelOf(values))[0]?.path;

describe("linePaths", () => {
  it("draws one path from left to right, its height from below", () => {
    expect(pathOf([0, 50])).toBe("M0 1000L500 500");
  });

  it("breaks at a gap and shows what stands alone", () => {
    expect(pathOf([0, null, 50, null])).toBe("M0 1000h0M500 500h0");
    expect(pathOf([null, 0, 0, null])).toBe("M250 1000L500 1000");
    expect(pathOf([null, null])).toBe("");
  });
});

describe("placeIn", () => {
  it("gives shares of width and height", () => {
    const panel = panelOf([0, 50]);
    expect(placeIn(panel).x(Date.parse(at(20)))).toBe(1);
    expect(placeIn(panel).y(100)).toBe(1);
  });
});

describe("rowAt", () => {
  it("finds the bucket a time is in, and none outside", () => {
    const panel = panelOf([1, 2]);
    expect([0, 9, 10, 20].map((second) => rowAt(panel, Date.parse(at(second))))).toEqual([0, 0, 1, 1]);
    expect([-1, 21].map((second) => rowAt(panel, Date.parse(at(second))))).toEqual([null, null]);
  });
});

describe("nearestLine", () => {
  it("is the line whose value is nearest, of those that have one", () => {
    const panel = panelOf([10, null]);
    expect([nearestLine(panel, 0, 12), nearestLine(panel, 0, 18)]).toEqual(["a", "b"]);
    expect([nearestLine(panel, 1, 12), nearestLine(panel, 9, 12)]).toEqual([null, null]);
  });
});
