import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CountedRange, rangesQuantile } from "./bucket-quantile.ts";

const INF = Number.POSITIVE_INFINITY;
const buckets = (...pairs: [le: number, count: number][]) => pairs.map(([le, count]) => ({ le, count }));
/** the ranges of one histogram's cumulative buckets */
function rangesOf(given: readonly { le: number; count: number }[]): CountedRange[] {
  const sorted = [...given].sort((a, b) => a.le - b.le);
  let total = 0;
  return sorted.map(({ le, count }, i) => {
    const below = total;
    total = Math.max(total, count);
    const lower = sorted[i - 1]?.le ?? (le > 0 ? 0 : Number.NEGATIVE_INFINITY);
    return { lower, upper: le, count: total - below };
  });
}

describe("the quantile of a histogram", () => {
  it.each([
    [0.5, buckets([0.1, 50], [0.2, 90], [INF, 100]), 0.1],
    [0.9, buckets([0.1, 50], [0.2, 90], [INF, 100]), 0.2],
    [0.7, buckets([0.1, 50], [0.2, 90], [INF, 100]), 0.15],
    [0.25, buckets([0.1, 50], [0.2, 90], [INF, 100]), 0.05],
    [0.99, buckets([0.1, 50], [0.2, 90], [INF, 100]), 0.2],
    [0.5, buckets([INF, 10], [1, 4], [2, 8]), 1.25],
    [0.5, buckets([-1, 6], [1, 8], [INF, 10]), -1],
    [0.5, buckets([1, 5], [2, 4], [3, 10], [INF, 10]), 1],
    [0, buckets([1, 0], [2, 4], [INF, 4]), 0],
    [1, buckets([1, 0], [2, 4], [INF, 4]), 2],
  ] as const)("takes the %d-quantile of %j", (q, given, expected) => {
    expect(rangesQuantile(q, rangesOf(given))?.value).toBeCloseTo(expected, 12);
  });

  it.each([
    ["nothing", []],
    ["no observation", buckets([1, 0], [INF, 0])],
    ["one bucket", buckets([INF, 5])],
  ])("knows nothing of %s", (_what, given) => {
    expect(rangesQuantile(0.5, rangesOf(given))).toBeNull();
  });

  it("grows with q and stays within the bounds", () => {
    const counts = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        counts,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, p, q) => {
          let sum = 0;
          const cumulative = given.map((count, i) => {
            sum += count;
            return { le: i + 1, count: sum };
          });
          const all = [...cumulative, { le: INF, count: sum + 1 }];
          const [low, high] = [
            rangesQuantile(Math.min(p, q), rangesOf(all)),
            rangesQuantile(Math.max(p, q), rangesOf(all)),
          ];
          expect(low).not.toBeNull();
          expect(low?.value ?? 0).toBeGreaterThanOrEqual(low?.lower ?? 0);
          expect(low?.value ?? 0).toBeLessThanOrEqual(low?.upper ?? INF);
          expect(low?.value ?? 0).toBeGreaterThanOrEqual(0);
          expect(high?.value ?? 0).toBeLessThanOrEqual(given.length);
          expect(low?.value ?? 0).toBeLessThanOrEqual(high?.value ?? 0);
        },
      ),
    );
  });
});

describe("the quantile of several histograms", () => {
  const range = (lower: number, upper: number, count: number): CountedRange => ({ lower, upper, count });
  it.each([
    ["that lie apart", 0.9, [range(0.01, 0.02, 50), range(1, 2, 50)], { value: 1.8, lower: 1, upper: 2 }],
    ["the lower one", 0.25, [range(0.01, 0.02, 50), range(1, 2, 50)], { value: 0.015, lower: 0.01, upper: 0.02 }],
    ["a finer one within a coarse one", 0.5, [range(0, 4, 8), range(1, 2, 8)], { value: 1.6, lower: 0, upper: 2 }],
    ["one that ends lower", 0.99, [range(1, 2, 50), range(0.5, INF, 50)], { value: 2, lower: 1, upper: null }],
    ["below zero", 0.1, [range(-INF, -1, 5), range(0, 1, 5)], { value: -1, lower: null, upper: -1 }],
  ])("is, of %s, with the bounds that are sure", (_, q, ranges, wanted) => {
    const found = rangesQuantile(q, ranges);
    expect(found).toEqual({ ...wanted, value: expect.closeTo(wanted.value, 6) });
  });

  it("lies within its bounds, as does any quantile that the observations may have", () => {
    const one = fc.record({
      lower: fc.nat(20),
      width: fc.integer({ min: 1, max: 20 }),
      count: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(one, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.nat(),
        (given, q, seed) => {
          const ranges = given.map(({ lower, width, count }) => range(lower, lower + width, count));
          const values = ranges
            .flatMap(({ lower, upper, count }, i) =>
              Array.from(
                { length: count },
                (_, k) => lower + ((upper - lower) * (1 + ((seed + 7 * i + 3 * k) % 10))) / 10,
              ),
            )
            .sort((a, b) => a - b);
          const real = values[Math.ceil(q * values.length - 1e-6) - 1] ?? Number.NaN;
          const found = rangesQuantile(q, ranges);
          for (const value of [real, found?.value ?? Number.NaN]) {
            expect(value).toBeGreaterThanOrEqual(found?.lower ?? 0);
            expect(value).toBeLessThanOrEqual(found?.upper ?? INF);
          }
        },
      ),
    );
  });
});
