import { describe, expect, it } from "vitest";
import { isAlone, nearestLine, placeIn, rowAt } from "./line-places.ts";
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

describe("isAlone", () => {
  it.each([
    [
      [0, 50],
      [false, false],
    ],
    [
      [0, null, 50, null],
      [true, false, true, false],
    ],
    [
      [null, 0, 0, null],
      [false, false, false, false],
    ],
    [[0], [true]],
  ])("in %j: %j", (values, alone) => {
    const { rows } = panelOf(values);
    expect(values.map((_, i) => isAlone(rows, i, "a"))).toEqual(alone);
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
