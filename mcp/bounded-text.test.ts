import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundedText } from "./bounded-text.ts";

const ADVICE = "Ask for less.";
const rows = (count: number, width = 20) => Array.from({ length: count }, (_, i) => ({ i, text: "x".repeat(width) }));

describe("a text that fits", () => {
  it("is the JSON itself", () => {
    expect(boundedText({ a: [1, 2] }, 100, ADVICE)).toEqual({ text: '{"a":[1,2]}', cut: false });
  });
});

describe("a text that does not fit", () => {
  it("keeps both ends of its lists and says how much is missing", () => {
    const { text, cut } = boundedText({ total: 1_000, events: rows(1_000) }, 2_000, ADVICE);
    const [json, note] = text.split("\n\n") as [string, string];
    const { events, total } = JSON.parse(json) as { events: { i: number }[]; total: number };
    expect([cut, total, events[0]?.i, events.at(-1)?.i]).toEqual([true, 1_000, 0, 999]);
    expect(note).toBe(
      `Cut to fit (events: first ${Math.ceil(events.length / 2)} and last ${Math.floor(events.length / 2)} of 1000). ${ADVICE}`,
    );
  });

  it("uses the room it has", () => {
    const { text } = boundedText({ rows: rows(1_000) }, 10_000, ADVICE);
    expect(text.length).toBeGreaterThan(9_500);
  });

  it("shortens long strings when lists alone do not help", () => {
    const { text } = boundedText({ log: "y".repeat(10_000), ok: true }, 2_000, ADVICE);
    expect(text).toContain('"ok":true');
    expect(text).toContain("log: first 1000 characters");
  });

  it("names a field of many rows once", () => {
    const { text } = boundedText({ rows: rows(3, 5_000) }, 4_000, ADVICE);
    expect(text.match(/rows\[\]\.text: first/g)).toHaveLength(1);
  });

  it("says so when nothing of the value can be shown", () => {
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`key${i}`, i]));
    expect(boundedText(wide, 500, ADVICE)).toEqual({ text: `Cut to fit (everything). ${ADVICE}`, cut: true });
  });
});

it("any JSON value: within the bound, whole when it fits, else with the advice", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 120, max: 3_000 }), (value, maxBytes) => {
      const whole = JSON.stringify(value);
      const { text, cut } = boundedText(value, maxBytes, ADVICE);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
      expect(cut).toBe(Buffer.byteLength(whole) > maxBytes);
      if (cut) expect(text).toContain(ADVICE);
      else expect(text).toBe(whole);
    }),
    { numRuns: 500 },
  );
});

it("any list of rows, wide characters too: what is shown is a valid JSON of the same shape", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: fc.string({ unit: "grapheme", maxLength: 80 }), tags: fc.array(fc.nat()) }), {
        maxLength: 300,
      }),
      fc.integer({ min: 400, max: 5_000 }),
      (items, maxBytes) => {
        const { text } = boundedText({ items, nextCursor: null }, maxBytes, ADVICE);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
        const shown = JSON.parse(text.split("\n\nCut to fit")[0] ?? "") as { items: unknown[]; nextCursor: null };
        expect(shown.nextCursor).toBeNull();
        expect(shown.items.length).toBeLessThanOrEqual(items.length);
      },
    ),
  );
});
