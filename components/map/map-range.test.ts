import { expect, it } from "vitest";
import { MAP_RANGES } from "#server/agent/traces/words.ts";
import { mapRangeOf } from "./map-range.ts";

it("offers what the server takes", () => {
  expect(MAP_RANGES.map(mapRangeOf)).toEqual(MAP_RANGES);
  expect([mapRangeOf("6h"), mapRangeOf("7d"), mapRangeOf(null)]).toEqual(["6h", "15m", "15m"]);
});
