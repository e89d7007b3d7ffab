import fc from "fast-check";
import { expect, it } from "vitest";
import { sliceMs, slicesOf } from "./slices.ts";

const DAY_MS = 86_400_000;
const window = fc
  .record({ at: fc.integer({ min: 1.7e12, max: 1.9e12 }), length: fc.integer({ min: 1, max: 400 * DAY_MS }) })
  .map(({ at, length }) => ({ from: new Date(at), to: new Date(at + length) }));

it("covers the window without a gap, in at most 25 parts", () => {
  fc.assert(
    fc.property(window, ({ from, to }) => {
      const slices = slicesOf({ from, to });
      expect(slices.length).toBeLessThanOrEqual(25);
      expect([slices[0]?.fromMs, slices.at(-1)?.toMs]).toEqual([from.getTime(), to.getTime()]);
      for (const [i, slice] of slices.entries()) {
        expect(slice.toMs).toBeGreaterThan(slice.fromMs);
        if (i > 0) expect(slice.fromMs).toBe(slices[i - 1]?.toMs);
      }
    }),
  );
});

it("cuts an hour into pieces short enough that a few minutes of traces are no three columns", () => {
  const at = Date.parse("2026-11-25T12:03:20Z");
  expect(sliceMs({ from: new Date(at - 3_600_000), to: new Date(at) })).toBe(180_000);
});

it("keeps its inner parts while the window moves on", () => {
  const at = Date.parse("2026-11-25T12:03:20Z");
  const inner = (ms: number) => slicesOf({ from: new Date(ms - 3_600_000), to: new Date(ms) }).slice(1, -1);
  expect(inner(at + 10_000)).toEqual(inner(at));
});
