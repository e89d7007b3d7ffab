import { expect, it } from "vitest";
import { readable } from "./readable.ts";

it.each([
  [0.123456789, 0.12346],
  [412.70000000000005, 412.7],
  [1234567.89, 1_234_568],
  [1_764_435_498_123.456, 1_764_435_498_123],
  [1_234_567, 1_234_567],
  [-0.000012345678, -0.000012346],
])("shows %f as %f", (given, shown) => expect(readable({ a: [given] })).toEqual({ a: [shown] }));

it("shows the newest points of a series without its gaps, and other lists whole", () => {
  const points = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? i : null));
  expect(readable({ rows: [{ p95Series: points, other: points }] })).toEqual({
    rows: [{ p95Series: points.filter((point) => point !== null).slice(-12), other: points }],
  });
});
