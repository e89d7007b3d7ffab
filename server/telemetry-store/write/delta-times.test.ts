import { describe, expect, it } from "vitest";
import { createDeltaTimes } from "./delta-times.ts";

const written = (requests: readonly (readonly [atMs: number, request: number])[], shared = false) => {
  const times = createDeltaTimes();
  return requests.map(([atMs, request]) => times.timeOf(1, atMs, request, shared));
};

describe.each([
  ["of processes that are told apart", false],
  ["of processes that share a series", true],
])("deltas %s", (_, shared) => {
  it.each([
    [
      "one late",
      [
        [10_000, 5],
        [20_000, 6],
        [10_000, 7],
      ],
    ],
    [
      "ten exports late",
      [...Array.from({ length: 11 }, (_, i) => [10_000 * (i + 1), i] as const), [10_000, 77], [20_000, 78]],
    ],
    [
      "of numbers that would have one place",
      [
        [10_000, 1],
        [10_000, 2],
        [10_000, 2 + 999],
        [10_000, 2 + 2 * 999],
      ],
    ],
    ["of as many as there are places", Array.from({ length: 999 }, (_, i) => [10_000, 7 * i] as const)],
  ] as const)("never have another's time: %s", (_, requests) => {
    const times = written(requests, shared);
    expect(new Set(times).size).toBe(requests.length);
    for (const [i, [atMs]] of requests.entries()) {
      expect(times[i]).toBeLessThanOrEqual(atMs);
      expect(times[i]).toBeGreaterThan(atMs - 1);
    }
  });

  it("that are sent again have the time they had, whatever came in between", () => {
    const requests = [
      [10_000, 5],
      [10_000, 5 + 999],
      [20_000, 6],
      [10_000, 7],
    ] as const;
    const times = written([...requests, ...requests], shared);
    expect(times.slice(requests.length)).toEqual(times.slice(0, requests.length));
  });

  it("beyond all places have none", () => {
    const times = written(
      Array.from({ length: 1_001 }, (_, i) => [10_000, i] as const),
      shared,
    );
    expect(times.at(-1)).toBeNull();
  });
});

it("of a shared series do not fall upon what was written before a restart", () => {
  const before = createDeltaTimes().timeOf(1, 10_000, 5, true);
  const after = createDeltaTimes();
  expect(after.timeOf(1, 10_000, 7, true)).not.toBe(before);
  expect(after.timeOf(1, 10_000, 5, true)).toBe(before);
});

it("remembers a bounded number, the newest", () => {
  const times = createDeltaTimes();
  for (let at = 0; at < 1_000; at++) for (const id of [1, 2]) times.timeOf(id, at * 1_000, 5);
  expect(times.timeOf(1, 990_000, 6)).not.toBe(990_000);
  for (let id = 10; id < 210_010; id++) times.timeOf(id, 990_000, 5);
  expect(times.timeOf(210_009, 990_000, 6)).not.toBe(990_000);
  expect(times.timeOf(1, 990_000, 7)).toBe(990_000); // forgotten
});
