import { describe, expect, it } from "vitest";
import { centredOn, fitted, zoomAround } from "./viewport.ts";

const WINDOW = { width: 1_000, height: 600 };

describe("fitted", () => {
  it("shows all of a large drawing in the middle", () => {
    const view = fitted({ width: 2_000, height: 800 }, WINDOW);
    expect(view.scale).toBeCloseTo(0.476);
    expect(view.x).toBeCloseTo(24);
    expect(view.y + (800 * view.scale) / 2).toBeCloseTo(300);
  });

  it("does not blow up a small one, nor shrink a huge one away", () => {
    expect(fitted({ width: 10, height: 10 }, WINDOW).scale).toBe(1.15);
    expect(fitted({ width: 1e6, height: 10 }, WINDOW)).toMatchObject({ scale: 0.3, x: 24 });
  });
});

describe("zoomAround", () => {
  it("keeps the place under the pointer", () => {
    const before = { x: 40, y: 10, scale: 0.8 };
    const place = { x: 300, y: 200 };
    const after = zoomAround(before, 1.5, place);
    const pointOf = (view: typeof before) => [(place.x - view.x) / view.scale, (place.y - view.y) / view.scale];
    expect(pointOf(after)[0]).toBeCloseTo(pointOf(before)[0] ?? Number.NaN);
    expect(pointOf(after)[1]).toBeCloseTo(pointOf(before)[1] ?? Number.NaN);
    expect(zoomAround(before, 100, place).scale).toBe(2);
  });
});

describe("centredOn", () => {
  it("brings a point to the middle", () => {
    const view = centredOn({ x: 0, y: 0, scale: 2 }, { x: 10, y: 20 }, WINDOW);
    expect([10 * view.scale + view.x, 20 * view.scale + view.y]).toEqual([500, 300]);
  });
});
