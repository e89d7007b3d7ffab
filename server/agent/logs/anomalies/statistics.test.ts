import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { discoveries, dispersionOf, incompleteBeta, medianOf, riseProbability, spreadOf } from "./statistics.ts";

describe("the incomplete beta function", () => {
  // binomial tails, summed in fractions
  it.each([
    [0.5, 1, 1, 0.5],
    [0.5, 3, 1, 0.125],
    [0.1, 2, 10, 0.3026431199],
    [0.9, 10, 2, 0.6973568802],
    [0.5, 100, 150, 0.999259416933],
    [0.001, 5, 4_000, 0.371944906304],
  ])("at %f with %i and %i is %f", (x, a, b, wanted) => {
    expect(incompleteBeta(x, a, b)).toBeCloseTo(wanted, 8);
  });

  it("sums the binomial tail", () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n, k - 1) * (n - k + 1)) / k);
    const cases = fc.record({
      n: fc.integer({ min: 1, max: 60 }),
      k: fc.nat({ max: 60 }),
      p: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    });
    fc.assert(
      fc.property(cases, ({ n, k, p }) => {
        const least = 1 + (k % n);
        let tail = 0;
        for (let i = least; i <= n; i++) tail += choose(n, i) * p ** i * (1 - p) ** (n - i);
        expect(incompleteBeta(p, least, n - least + 1)).toBeCloseTo(tail, 8);
      }),
    );
  });
});

describe("riseProbability", () => {
  it.each([
    ["7 lines against none is 2⁻⁷", { events: 7, exposure: 10 }, { events: 0, exposure: 10 }, 1, 2 ** -7],
    ["against twice the exposure 3⁻⁴", { events: 4, exposure: 10 }, { events: 0, exposure: 20 }, 1, 3 ** -4],
    ["clumps of two count half", { events: 8, exposure: 10 }, { events: 0, exposure: 10 }, 2, 2 ** -4],
    ["nothing rises from nothing", { events: 0, exposure: 10 }, { events: 0, exposure: 10 }, 1, 1],
    ["nothing is known without a base", { events: 5, exposure: 10 }, { events: 0, exposure: 0 }, 1, 1],
  ])("%s", (_, now, before, dispersion, wanted) => {
    expect(riseProbability(now, before, dispersion)).toBeCloseTo(wanted, 9);
  });

  it("falls with every event now, and grows with every event before", () => {
    const counts = fc.record({ now: fc.integer({ min: 1, max: 500 }), before: fc.nat({ max: 500 }) });
    fc.assert(
      fc.property(counts, ({ now, before }) => {
        const at = (n: number, b: number) =>
          riseProbability({ events: n, exposure: 100 }, { events: b, exposure: 150 });
        expect(at(now + 1, before)).toBeLessThanOrEqual(at(now, before) + 1e-12);
        expect(at(now, before + 1)).toBeGreaterThanOrEqual(at(now, before) - 1e-12);
      }),
    );
  });
});

it("dispersion is 0 for a clockwork, the clump's size for clumps, and unknown for a handful", () => {
  const even = new Array<number>(10).fill(1);
  expect(dispersionOf(new Array<number>(10).fill(3), even)).toBe(0);
  expect(dispersionOf([10, 0, 0, 0, 0, 0, 0, 0, 0, 0], even)).toBeCloseTo(10, 9);
  expect(dispersionOf([1, 0, 1, 0, 1, 0, 1, 0, 0, 0], even)).toBeNull();
  expect(dispersionOf([2, 4, 6, 8], [1, 2, 3, 4])).toBe(0);
});

it("discoveries are Benjamini and Hochberg's", () => {
  // table 1 of their paper: of 15 the first 4 at q = 0.05
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1,
  ];
  expect(discoveries(p, 0.05).filter(Boolean)).toHaveLength(4);
  expect(discoveries([...p].reverse(), 0.05).slice(-4)).toEqual([true, true, true, true]);
  expect(discoveries([], 0.05)).toEqual([]);
  expect(discoveries([0.2, 0.9], 0.05)).toEqual([false, false]);
});

it("median and spread are those of the middle", () => {
  expect(medianOf([5, 1, 9])).toBe(5);
  expect(medianOf([4, 1, 2, 3])).toBe(2.5);
  expect(medianOf([])).toBe(0);
  expect(spreadOf([1, 2, 3, 4, 1_000], 3)).toBeCloseTo(1.4826, 9);
});
