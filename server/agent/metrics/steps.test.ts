import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gridBefore, gridOf, stepFor, windowOfGrid } from "./steps.ts";

const at = (text: string) => new Date(`2026-03-01T${text}Z`);
const long = at("23:00:00");

describe("the step of a window", () => {
  it.each([
    ["00:00:00", "00:15:00", 120, 10, 10],
    ["00:00:00", "00:15:00", 120, 15, 15],
    ["00:00:00", "01:00:00", 120, 15, 30],
    ["00:00:00", "06:00:00", 120, 15, 300],
    ["00:00:00", "23:59:59", 40, 15, 3_600],
  ])("from %s to %s in at most %i points of at least %i s: %i s", (from, to, points, least, step) => {
    expect(stepFor({ from: at(from), to: at(to) }, points, least)).toBe(step);
  });
});

describe("a grid", () => {
  it("begins at a round time and covers the window", () => {
    const grid = gridOf({ from: at("10:00:07"), to: at("10:03:20") }, 60, long);
    expect(windowOfGrid(grid)).toEqual({ from: at("10:00:00"), to: at("10:04:00") });
    expect(grid.steps).toBe(4);
  });

  it("leaves out the step in progress", () => {
    const grid = gridOf({ from: at("10:00:00"), to: at("10:05:00") }, 60, at("10:03:59"));
    expect(windowOfGrid(grid).to).toEqual(at("10:03:00"));
    expect(gridOf({ from: at("10:00:00"), to: at("10:05:00") }, 60, at("09:00:00")).steps).toBe(0);
  });

  it("refuses more steps than anybody can look at", () => {
    const window = { from: at("00:00:00"), to: at("02:00:00") };
    expect(() => gridOf(window, 1, long)).toThrow("Choose a longer stepSeconds");
  });

  it("touches the one before, which is as long", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7_000 }), fc.integer({ min: 5, max: 600 }), (seconds, step) => {
        const from = at("10:00:00");
        const grid = gridOf({ from, to: new Date(from.getTime() + seconds * 1_000) }, step, long);
        const before = gridBefore(grid);
        expect(windowOfGrid(before).to).toEqual(windowOfGrid(grid).from);
        expect(before.steps).toBe(grid.steps);
        expect(windowOfGrid(grid).from.getTime()).toBeLessThanOrEqual(from.getTime());
        expect(windowOfGrid(grid).to.getTime()).toBeGreaterThanOrEqual(from.getTime() + seconds * 1_000);
      }),
    );
  });
});
