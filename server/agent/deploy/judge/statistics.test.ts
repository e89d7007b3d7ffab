import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fisherExact, newcombe } from "./count-test.ts";
import { logGamma, normalCdf, normalQuantile } from "./normal.ts";
import { FISHER, WILCOXON } from "./r-vectors.ts";
import { mannWhitney } from "./rank-test.ts";

/** Equal to six digits after the point, or of the number when it is large. */
const expectClose = (given: number, wanted: number) =>
  expect(Math.abs(given - wanted)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(wanted)));

describe("Mann-Whitney, against R", () => {
  it.each(WILCOXON)("$name", ({ x, y, confidence, u, p, estimate, low, high }) => {
    const test = mannWhitney(x, y, { confidence });
    expect(test.u).toBe(u);
    expectClose(test.pValue, p);
    expectClose(test.estimate, estimate);
    expectClose(test.low, low);
    expectClose(test.high, high);
  });
});

describe("Mann-Whitney, whatever the samples", () => {
  const values = (most: number) =>
    fc.uniqueArray(fc.integer({ min: -10_000, max: 10_000 }), { minLength: 3, maxLength: most });
  const pair = fc.tuple(values(30), values(30)).filter(([x, y]) => !x.some((value) => y.includes(value)));

  it("mirrors when the sides are swapped", () => {
    fc.assert(
      fc.property(pair, ([x, y]) => {
        const [one, other] = [mannWhitney(x, y), mannWhitney(y, x)];
        expect(one.u + other.u).toBe(x.length * y.length);
        expectClose(one.pValue, other.pValue);
        expectClose(one.estimate, -other.estimate);
        expectClose(one.low, -other.high);
      }),
    );
  });

  it("moves with a shift, and does not care about the order", () => {
    fc.assert(
      fc.property(pair, fc.integer({ min: -500, max: 500 }), ([x, y], shift) => {
        const before = mannWhitney(x, y);
        const moved = mannWhitney(
          x.map((value) => value + shift).reverse(),
          y.map((value) => value + shift),
        );
        expect(moved).toEqual(before);
        const apart = mannWhitney(
          x.map((value) => value + 0.5 + shift),
          y,
        );
        expectClose(apart.estimate, before.estimate + 0.5 + shift);
      }),
    );
  });

  it("holds the estimate inside its interval", () => {
    fc.assert(
      fc.property(pair, ([x, y]) => {
        const { estimate, low, high, pValue } = mannWhitney(x, y, { confidence: 0.98 });
        expect(low).toBeLessThanOrEqual(estimate);
        expect(high).toBeGreaterThanOrEqual(estimate);
        expect(pValue).toBeGreaterThan(0);
        expect(pValue).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("Fisher's exact test", () => {
  it.each(FISHER)("%i of %i against %i of %i, as R has it", (a, b, c, d, p) => {
    expect(Math.abs(fisherExact(a, b, c, d) / p - 1)).toBeLessThan(1e-6);
  });

  it("says nothing without events or without requests", () => {
    expect(fisherExact(0, 100, 0, 1_000)).toBe(1);
    expect(fisherExact(0, 0, 5, 1_000)).toBe(1);
  });

  it("goes over into the normal approximation", () => {
    const [below, above] = [fisherExact(10_050, 100_000, 9_900, 100_000), fisherExact(10_150, 100_000, 9_999, 100_000)];
    expect(below).toBeCloseTo(0.27, 1);
    expect(above).toBeCloseTo(0.26, 1);
  });
});

describe("Newcombe's interval", () => {
  // table II of Newcombe (1998), method 10, 95 %: (a) 56/70 - 48/80, (e) 10/10 - 0/20, (g) 0/10 - 0/20
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [10, 10, 0, 20, 0.6791, 1],
    [0, 10, 0, 20, -0.1611, 0.2775],
  ])("%i of %i less %i of %i", (a, b, c, d, low, high) => {
    const interval = newcombe(a, b, c, d, 0.95);
    expect(interval.low).toBeCloseTo(low, 3);
    expect(interval.high).toBeCloseTo(high, 3);
  });
});

it("the normal distribution and the gamma function have their known values", () => {
  expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 12);
  expect(normalCdf(-6)).toBeCloseTo(9.865876450376946e-10, 18);
  expect(normalQuantile(0.99)).toBeCloseTo(2.3263478740408408, 12);
  expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 10);
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 12);
});
