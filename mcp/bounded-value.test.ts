import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bounded, boundedValue, withReferences } from "./bounded-value.ts";
import { tokensOf } from "./tokens.ts";

const rows = (count: number, width = 20) => Array.from({ length: count }, (_, i) => ({ i, text: "x".repeat(width) }));
const sizeOf = ({ value, more }: Bounded): number => tokensOf(JSON.stringify(value)) + tokensOf(more ?? "");
const bounded = (value: unknown, maxTokens: number): Bounded => {
  const found = boundedValue(value, maxTokens);
  if (!found) throw new Error("nothing fits");
  return found;
};

it("reckons numbers and signs dearer than words", () => {
  expect([
    tokensOf("a".repeat(35)),
    tokensOf("1".repeat(25)),
    tokensOf("{".repeat(25)),
    tokensOf("測".repeat(10)),
  ]).toEqual([10, 10, 10, 12]);
});

describe("a value that fits", () => {
  it("is as it was", () => {
    expect(boundedValue({ a: [1, 2] }, 100)).toEqual({ value: { a: [1, 2] }, more: null });
  });
});

describe("a value that does not fit", () => {
  it("keeps both ends of lists in the order of time and says how much is missing", () => {
    const { value, more } = bounded({ total: 1_000, events: rows(1_000) }, 800);
    const { events, total } = value as { events: { i: number }[]; total: number };
    expect([total, events[0]?.i, events.at(-1)?.i]).toEqual([1_000, 0, 999]);
    const [head, tail] = [Math.ceil(events.length / 2), Math.floor(events.length / 2)];
    expect(more).toBe(`events: the first ${head} and last ${tail} of 1000`);
  });

  it("keeps the worst of lists that are ranked", () => {
    const { value, more } = bounded({ rows: rows(1_000) }, 800);
    const kept = (value as { rows: { i: number }[] }).rows.map(({ i }) => i);
    expect(kept).toEqual(kept.map((_, i) => i));
    expect(more).toBe(`rows: the first ${kept.length} of 1000`);
  });

  it("uses the room it has", () => {
    expect(sizeOf(bounded({ rows: rows(1_000) }, 4_000))).toBeGreaterThan(3_800);
  });

  it("shortens long texts when lists alone do not help, and no name, id or cursor", () => {
    const given = { log: "y ".repeat(5_000), id: "z".repeat(190), nextCursor: "c".repeat(700), ok: true };
    const { value, more } = bounded(given, 800);
    expect(value).toMatchObject({ id: given.id, nextCursor: given.nextCursor, ok: true });
    expect(more).toBe("log: the first 1000 characters");
  });

  it("names a field of many rows once", () => {
    const { more } = bounded({ rows: rows(3, 5_000) }, 1_600);
    expect(more?.match(/rows\[\]\.text: the first/g)).toHaveLength(1);
  });

  it("is not shown at all when nothing of it can be", () => {
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`key${i}`, i]));
    expect(boundedValue(wide, 200)).toBeNull();
  });
});

it("says a sentence once, and then where it stands", () => {
  const sentence = "91 % of 1,240 requests of the candidate failed in the last five minutes";
  expect(withReferences({ a: { why: sentence }, b: [sentence, "short"], c: [{ d: sentence }] })).toEqual({
    a: { why: sentence },
    b: ["→ a.why", "short"],
    c: [{ d: "→ a.why" }],
  });
});

it("any JSON value: within the bound, whole when it fits, else with what is missing", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 50, max: 1_200 }), (value, maxTokens) => {
      const found = boundedValue(value, maxTokens);
      if (!found) return;
      expect(sizeOf(found)).toBeLessThanOrEqual(maxTokens);
      expect(found.more === null).toBe(tokensOf(JSON.stringify(withReferences(value))) <= maxTokens);
    }),
    { numRuns: 500 },
  );
});

it("any list of rows, wide characters too: what is shown has the same shape", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: fc.string({ unit: "grapheme", maxLength: 80 }), tags: fc.array(fc.nat()) }), {
        maxLength: 300,
      }),
      fc.integer({ min: 200, max: 2_000 }),
      (items, maxTokens) => {
        const found = bounded({ items, nextCursor: null }, maxTokens);
        expect(sizeOf(found)).toBeLessThanOrEqual(maxTokens);
        const shown = found.value as { items: unknown[]; nextCursor: null };
        expect(shown.nextCursor).toBeNull();
        expect(shown.items.length).toBeLessThanOrEqual(items.length);
      },
    ),
  );
});
