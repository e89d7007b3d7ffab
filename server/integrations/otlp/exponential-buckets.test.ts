import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explicitBuckets } from "../http/body/exponential-buckets.ts";
import { type ExponentialPoint, emptyExponentialPoint } from "./wire-metric.ts";

/** The point an SDK would make of these values: bucket i holds (2^(i·2^-scale), 2^((i+1)·2^-scale)]. */
function pointOf(values: readonly number[], scale: number): ExponentialPoint {
  const indices = values.filter((value) => value > 0).map((value) => Math.ceil(Math.log2(value) * 2 ** scale) - 1);
  const offset = Math.min(...indices);
  const counts = new Array<number>(indices.length === 0 ? 0 : Math.max(...indices) - offset + 1).fill(0);
  for (const index of indices) counts[index - offset] = (counts[index - offset] ?? 0) + 1;
  const zeroCount = values.length - indices.length;
  const positive = { offset: indices.length === 0 ? 0 : offset, counts };
  return { ...emptyExponentialPoint(), scale, zeroCount, count: values.length, positive };
}

describe("explicit buckets of an exponential histogram", () => {
  it("are its own where they are few", () => {
    const buckets = explicitBuckets(pointOf([0, 1.5, 3, 3, 7], 0));
    expect(buckets).toEqual([
      { le: 1, count: 1 },
      { le: 2, count: 2 },
      { le: 4, count: 4 },
      { le: 8, count: 5 },
    ]);
  });

  it("count values at or below zero in the first", () => {
    const point = { ...pointOf([3], 0), negative: { offset: 0, counts: [2, 3] }, zeroCount: 4 };
    expect(explicitBuckets(point)?.[0]).toEqual({ le: 2, count: 9 });
    expect(explicitBuckets({ ...emptyExponentialPoint(), zeroCount: 4, zeroThreshold: 0.01 })).toEqual([
      { le: 0.01, count: 4 },
    ]);
  });

  it("are at most 24, at powers of the base, and count exactly the values up to each bound", () => {
    const values = fc.array(
      fc.integer({ min: -200, max: 200 }).map((i) => 2 ** ((i + 0.5) / 8)),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 3 }), (sample, scale) => {
        const buckets = explicitBuckets(pointOf(sample, scale)) ?? [];
        expect(buckets.length).toBeLessThanOrEqual(24);
        for (const { le, count } of buckets) {
          const power = Math.log2(le) * 2 ** scale;
          expect(power).toBeCloseTo(Math.round(power), 9);
          expect(count).toBe(sample.filter((value) => value <= le).length);
        }
        expect(buckets.at(-1)?.count).toBe(sample.length);
      }),
    );
  });

  it.each([
    ["a scale of no SDK", { scale: 1e9 }],
    ["a scale between", { scale: 0.5 }],
    ["an offset out of range", { positive: { offset: Number.POSITIVE_INFINITY, counts: [1] } }],
  ])("are none for %s", (_, part) => {
    expect(explicitBuckets({ ...emptyExponentialPoint(), ...part })).toBeNull();
  });

  it("leave out bounds that no number holds", () => {
    const point = { ...emptyExponentialPoint(), scale: -10, positive: { offset: 0, counts: [1, 1] } };
    expect(explicitBuckets(point)).toEqual([{ le: 1, count: 0 }]);
  });
});
