import fc from "fast-check";
import { expect, it } from "vitest";
import { LOG_LEVELS } from "../ports/telemetry.ts";
import { type RankedPattern, rankPatterns, tagsOf } from "./rank-patterns.ts";

const pattern = (id: string, given: Partial<RankedPattern> = {}): RankedPattern => ({
  ...{ id, level: "info", count: 10, pinned: false, ignored: false },
  ...given,
});

it("ranks what stands out before what is frequent", () => {
  const patterns = [
    pattern("frequent", { count: 9_000 }),
    pattern("ignored", { count: 9_999, level: "error", ignored: true }),
    pattern("error", { level: "error" }),
    pattern("fatal, more of them", { level: "fatal", count: 11 }),
    pattern("new", { count: 1 }),
    pattern("new error", { count: 1, level: "error" }),
    pattern("bursting warning", { level: "warn" }),
    pattern("rare", { level: null, count: 2 }),
    pattern("pinned", { count: 1, pinned: true }),
  ];
  const tags = tagsOf(patterns, [
    { kind: "new", patternId: "new" },
    { kind: "new", patternId: "new error" },
    { kind: "burst", patternId: "bursting warning" },
    { kind: "new", patternId: "ignored" },
  ]);
  expect(rankPatterns(patterns, tags).map(({ id }) => id)).toEqual([
    ...["pinned", "new error", "bursting warning", "new"],
    ...["fatal, more of them", "error", "frequent", "rare", "ignored"],
  ]);
});

it("marks each pattern once with what was found of it and what people set", () => {
  const tags = tagsOf(
    [pattern("a", { pinned: true }), pattern("b", { ignored: true }), pattern("c")],
    [
      { kind: "burst", patternId: "a" },
      { kind: "burst", patternId: "a" },
      { kind: "broken-sequence", patternId: "c" },
      { kind: "error-ratio", patternId: null },
    ],
  );
  expect(Object.fromEntries(tags)).toEqual({ a: ["burst", "pinned"], b: ["ignored"] });
});

it("gives the same order whatever the order it is given", () => {
  const any = fc.record({
    ...{ id: fc.uuid(), level: fc.constantFrom(null, ...LOG_LEVELS), count: fc.nat({ max: 5 }) },
    ...{ pinned: fc.boolean(), ignored: fc.boolean() },
  });
  const patterns = fc.uniqueArray(any, { selector: ({ id }) => id, maxLength: 12 });
  const shuffled = patterns.chain((given) =>
    fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })),
  );
  fc.assert(
    fc.property(shuffled, ([given, other]) => {
      const tags = tagsOf(given, []);
      expect(rankPatterns(other, tags)).toEqual(rankPatterns(given, tags));
    }),
  );
});
