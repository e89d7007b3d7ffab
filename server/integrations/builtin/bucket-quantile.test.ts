import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketQuantile, wholeBuckets } from "./bucket-quantile.ts";

const INF = Number.POSITIVE_INFINITY;
const buckets = (...pairs: [le: number, count: number][]) => pairs.map(([le, count]) => ({ le, count }));

describe("bucketQuantile", () => {
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
    expect(bucketQuantile(q, given)?.value).toBeCloseTo(expected, 12);
  });

  it.each([
    ["nothing", []],
    ["no observation", buckets([1, 0], [INF, 0])],
    ["no last bucket", buckets([1, 1], [2, 2])],
    ["one bucket", buckets([INF, 5])],
  ])("knows nothing of %s", (_what, given) => {
    expect(bucketQuantile(0.5, given)).toBeNull();
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
          const [low, high] = [bucketQuantile(Math.min(p, q), all), bucketQuantile(Math.max(p, q), all)];
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

describe("the buckets that were there all the time", () => {
  const bucketsOf = (...given: [le: number, knownMs: number][]) =>
    given.map(([le, knownMs]) => ({ le, count: 1, knownMs }));
  it.each([
    ["all of them", bucketsOf([1, 100], [2, 100], [Infinity, 100]), [1, 2, Infinity]],
    ["without a finer bound that went", bucketsOf([1, 100], [1.5, 40], [2, 95], [Infinity, 100]), [1, 2, Infinity]],
    ["with new bounds at the ends", bucketsOf([0.5, 10], [1, 100], [4, 10], [Infinity, 100]), [0.5, 1, 4, Infinity]],
    ["whatever there is, without a last", bucketsOf([1, 100], [1.5, 40], [2, 100]), [1, 1.5, 2]],
    ["those of one that just began", bucketsOf([1, 10], [2, 10], [Infinity, 100]), [1, 2, Infinity]],
  ])("are %s", (_, given, wanted) => {
    expect(wholeBuckets(given).map(({ le }) => le)).toEqual(wanted);
  });
});
