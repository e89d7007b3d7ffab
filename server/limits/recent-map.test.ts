import { expect, test } from "vitest";
import { RecentMap } from "./recent-map.ts";

test("a flood of new keys makes those forgotten that were set longest ago, and none that is set again", () => {
  const map = new RecentMap<number>(100);
  map.set("used", 0);
  map.set("idle", 0);
  for (let n = 1; n <= 1_000; n++) {
    map.set(`made up ${n}`, n);
    if (n % 50 === 0) map.set("used", n);
  }
  expect(map.get("used")).toBe(1_000);
  expect(map.has("idle")).toBe(false);
  expect(Array.from({ length: 1_000 }, (_, n) => map.has(`made up ${n + 1}`)).filter(Boolean)).toHaveLength(99);
});

test("what is deleted is gone", () => {
  const map = new RecentMap<number>(2);
  map.set("a", 1);
  map.delete("a");
  expect([map.has("a"), map.get("a")]).toEqual([false, undefined]);
});
