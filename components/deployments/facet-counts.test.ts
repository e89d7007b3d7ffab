import { expect, it } from "vitest";
import { counted } from "./facet-counts.ts";

const COUNTS = [
  { value: "succeeded", count: 12 },
  { value: "rolled_back", count: 3 },
];

it("offers what was counted, in its order", () => {
  expect(counted(COUNTS)).toEqual([
    { value: "succeeded", label: "succeeded (12)" },
    { value: "rolled_back", label: "rolled back (3)" },
  ]);
});

it("offers every known value, with 0 for what there is none of", () => {
  expect(counted(COUNTS, ["rolled_back", "failed"]).map(({ label }) => label)).toEqual([
    "rolled back (3)",
    "failed (0)",
  ]);
});

it("claims no number before there is one", () => {
  expect(counted(undefined)).toEqual([]);
  expect(counted(undefined, ["rolled_back"])).toEqual([{ value: "rolled_back", label: "rolled back" }]);
});
