import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { templateMatches } from "#server/testing/template-matches.ts";
import type { PatternChange } from "./changes.ts";
import { createMiner, type Mined, type Miner } from "./miner.ts";

/** Messages of few words, so that positions fill up and patterns merge. */
const word = (list: string) => fc.constantFrom(...list.split(" "));
const user = word("ann bob eve joe zoe 17 10.0.0.7");
const message = fc.oneof(
  fc.tuple(
    word("session login"),
    word("opened closed failed reset kept"),
    fc.constant("for"),
    user,
    fc.constant("by root"),
  ),
  fc.tuple(word("Started Stopped Failed"), word("cron ssh nginx mail 7"), fc.constant("service.")),
  fc.tuple(user, fc.constant("joined"), word("lobby attic cellar garden"), fc.constant("at 12:30")),
  fc.tuple(
    fc.constant("level="),
    word("info warn error debug"),
    fc.constant("msg=sent"),
    user,
    word("ok late lost gone"),
  ),
  fc.array(word("a b c d <*> 1"), { maxLength: 5 }),
);
/** nothing but likeness: many patterns fit a line equally well, so that the order of their keys would show */
const alike = fc.array(word("a b c d e 1"), { minLength: 3, maxLength: 5 }).map((words) => ["x", "y", "z", ...words]);
const texts = (parts: fc.Arbitrary<string[]>) =>
  fc.array(
    parts.map((words) => words.join(" ")),
    { minLength: 2, maxLength: 120 },
  );
const lines = fc.oneof(texts(message), texts(alike));

/** Keeps rows of patterns as a caller would that follows the changes. */
function followChanges(rows: Map<number, string>, mined: Mined): void {
  const own: PatternChange[] =
    mined.change === "none"
      ? []
      : [{ key: mined.key, template: mined.template, change: mined.change, from: mined.from }];
  for (const { key, template, change, from } of [...own, ...mined.also]) {
    expect(rows.has(key)).toBe(change !== "created");
    rows.set(key, template);
    for (const gone of from) expect(rows.delete(gone)).toBe(true);
  }
  for (const gone of mined.dropped) expect(rows.delete(gone)).toBe(true);
}

function mineAll(miner: Miner, rows: Map<number, string>, bodies: readonly string[]): number[] {
  return bodies.map((body) => {
    const mined = miner.add(body);
    followChanges(rows, mined);
    expect(rows.get(mined.key)).toBe(mined.template);
    return mined.key;
  });
}

/** The same numbers for the same groups, whatever their keys. */
function groups(keys: readonly number[]): number[] {
  const seen = [...new Set(keys)];
  return keys.map((key) => seen.indexOf(key));
}

describe("a miner", () => {
  it("tells all there is to know to keep rows of its patterns", () => {
    fc.assert(
      fc.property(lines, fc.constantFrom(4, 100), (bodies, maxPatterns) => {
        const miner = createMiner({ maxPatterns });
        const rows = new Map<number, string>();
        const keys = mineAll(miner, rows, bodies);
        expect(rows.size).toBe(miner.size);
        expect(new Set(rows.values()).size).toBe(rows.size);
        if (maxPatterns < 100) return;
        for (const [i, key] of keys.entries())
          expect(templateMatches(rows.get(miner.resolve(key)) ?? "", bodies[i] ?? "")).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("goes on after a restart as if there had been none, in whatever order the patterns come back", () => {
    const order = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(lines, fc.double({ min: 0, max: 1, noNaN: true }), order, (bodies, share, random) => {
        const cut = Math.floor(bodies.length * share);
        const steady = createMiner();
        const expected = mineAll(steady, new Map(), bodies).map((key) => steady.resolve(key));

        const first = createMiner();
        const rows = new Map<number, string>();
        const before = mineAll(first, rows, bodies.slice(0, cut)).map((key) => first.resolve(key));
        const patterns = [...rows].map(([id, template]) => ({ id, template, at: random.next().value }));
        const second = createMiner({ patterns: patterns.sort((a, b) => a.at - b.at) });
        const restored = new Map([...second.restored].map(([id, key]) => [key, rows.get(id) ?? ""]));
        expect(restored.size).toBe(rows.size);
        const after = mineAll(second, restored, bodies.slice(cut));

        const carried = before.map((key) => second.restored.get(key) ?? -1);
        expect(groups([...carried, ...after].map((key) => second.resolve(key)))).toEqual(groups(expected));
      }),
      { numRuns: 500 },
    );
  });

  it("is deterministic", () => {
    fc.assert(
      fc.property(lines, (bodies) => {
        const [one, other] = [createMiner(), createMiner()];
        for (const body of bodies) expect(one.add(body)).toEqual(other.add(body));
      }),
    );
  });
});
