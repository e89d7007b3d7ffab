import { expect, it } from "vitest";
import * as schema from "#server/agent/traces/schema.ts";
import { MAP_RANGES, mapRangeOf } from "./map-range.ts";

it("offers what the server takes", () => {
  expect(MAP_RANGES).toEqual(schema.MAP_RANGES);
  expect([mapRangeOf("6h"), mapRangeOf("7d"), mapRangeOf(null)]).toEqual(["6h", "15m", "15m"]);
});
