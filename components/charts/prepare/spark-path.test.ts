import { describe, expect, it } from "vitest";
import { sparkPaths } from "./spark-path.ts";

describe("sparkPaths", () => {
  it("spreads the points over the width, the greatest at the top", () => {
    expect(sparkPaths([0, 10, 5], 100, 23)).toEqual(["M0 21.5L50 1.5L100 11.5"]);
  });

  it("leaves a gap a gap, and keeps what follows in its place", () => {
    expect(sparkPaths([4, null, 4, 4], 90, 23)).toEqual(["M0 1.5L0 1.5", "M60 1.5L90 1.5"]);
  });

  it("draws nothing for nothing, and zeros on the floor", () => {
    expect(sparkPaths([null, null], 100, 20)).toEqual([]);
    expect(sparkPaths([], 100, 20)).toEqual([]);
    expect(sparkPaths([0, 0], 10, 20)).toEqual(["M0 18.5L10 18.5"]);
  });
});
