import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprintOf, fingerprintText } from "../write/fingerprint.ts";
import { SeriesTable } from "./series-table.ts";

describe("the fingerprint of a series", () => {
  it("does not depend on the order of labels, nor on empty ones", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), fc.string(), (labels, name) => {
        const turned = Object.fromEntries(Object.entries(labels).reverse());
        expect(fingerprintOf(name, { ...turned, other_empty_label: "" })).toEqual(fingerprintOf(name, labels));
      }),
    );
  });

  it("tells names, labels and values apart, wherever one ends and the next begins", () => {
    const series: [string, Record<string, string>][] = [
      ["a", { b: "c" }],
      ["ab", { c: "" }],
      ["ab", { c: "d" }],
      ["a", { bc: "d" }],
      ["a", { b: "cd" }],
      ["a", { b: "c", d: "e" }],
      ["a", { b: "c\u0001d", e: "" }],
      ["", { a: "b" }],
    ];
    expect(new Set(series.map(([name, labels]) => fingerprintText(fingerprintOf(name, labels)))).size).toBe(8);
    const many = Array.from({ length: 200_000 }, (_, i) => fingerprintOf("m", { path: `/p/${i}`, pod: `x-${i % 7}` }));
    expect(new Set(many.map(({ high, low }) => `${high} ${low}`)).size).toBe(200_000);
  });
});

describe("SeriesTable", () => {
  it("finds what was added, as a Map does, while it grows and after it was cleared", () => {
    const half = fc.integer({ min: -3, max: 3 }).map((n) => n * 1_024); // few values: slots collide
    const fingerprint = fc.record({ high: half, low: fc.oneof(half, fc.integer()) });
    const steps = fc.array(fc.record({ fingerprint, id: fc.integer({ min: 1, max: 2 ** 31 - 1 }), at: fc.integer() }), {
      maxLength: 3_000,
      minLength: 600,
    });
    fc.assert(
      fc.property(steps, (added) => {
        const table = new SeriesTable();
        const expected = new Map<string, { id: number; at: number }>();
        for (const { fingerprint: key, id, at } of added) {
          table.add(key, { id, kind: 0, scope: 0, startMs: 0 }, at);
          table.advance(table.find(key), at, 0);
          const known = expected.get(fingerprintText(key));
          expected.set(fingerprintText(key), { id, at: Math.max(at, known?.at ?? at) });
        }
        expect(table.size).toBe(expected.size);
        for (const { fingerprint: key } of added) {
          const slot = table.find(key);
          expect({ id: table.id(slot), at: table.lastMs(slot) }).toEqual(expected.get(fingerprintText(key)));
        }
        table.clear();
        expect(table.find(added[0]?.fingerprint ?? { high: 0, low: 0 })).toBe(-1);
      }),
      { numRuns: 20 },
    );
  });
});
