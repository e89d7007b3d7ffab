import { expect, it } from "vitest";
import { scaleOf } from "./units.ts";

it.each([
  ["ms", 999, { size: 1, word: "ms" }],
  ["ms", 1_000, { size: 1_000, word: "s" }],
  ["seconds", 0.999, { size: 0.001, word: "ms" }],
  ["seconds", 1, { size: 1, word: "s" }],
] as const)("an axis of %s up to %s never writes a thousand milliseconds", (unit, top, scale) =>
  expect(scaleOf(unit, top)).toEqual(scale),
);
