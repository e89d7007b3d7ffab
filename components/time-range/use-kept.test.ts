import { expect, it } from "vitest";
import { keptOf, withKept } from "./use-kept.ts";

const key = (startTime: string, query = "") => [["logs", "counts"], { input: { startTime, query }, type: "query" }];
const read = { data: [7], error: null, isPlaceholderData: false, dataUpdatedAt: 1_000 };
const failed = { data: undefined, error: new Error("away"), isPlaceholderData: false, dataUpdatedAt: 0 };

it("what was read stays when the next window cannot be read, with the time at which it was true", () => {
  const kept = keptOf<number[]>(null, read, key("10:00"));
  expect(withKept(failed, kept, key("10:01"))).toEqual({ ...failed, data: [7], dataUpdatedAt: 1_000 });
  expect(keptOf(kept, failed, key("10:01")), "a failure takes nothing away").toBe(kept);
});

it("is not shown for another question, nor instead of an answer, nor while the next is awaited", () => {
  const kept = keptOf<number[]>(null, read, key("10:00"));
  expect(withKept(failed, kept, key("10:01", "error"))).toBe(failed);
  const next = { ...read, data: [8] };
  expect(withKept(next, kept, key("10:01"))).toBe(next);
  const pending = { ...failed, error: null };
  expect(withKept(pending, kept, key("10:01"))).toBe(pending);
  expect(keptOf(kept, { ...next, isPlaceholderData: true }, key("10:01")), "it is not of this window").toBe(kept);
});
