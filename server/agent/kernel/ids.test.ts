import { describe, expect, it } from "vitest";
import { newId } from "./ids.ts";

describe("an id", () => {
  it("sorts by creation, also within one millisecond", () => {
    const ids = Array.from({ length: 5_000 }, () => newId("dep", 1_795_000_000_000));
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(newId("dep", 1_795_000_000_001) > (ids.at(-1) ?? "")).toBe(true);
    for (const id of ids) expect(id).toMatch(/^dep_[0-9a-hjkmnp-tv-z]{18}$/);
  });

  it("is another one in every process: the first of a millisecond is left to chance", () => {
    const firsts = Array.from({ length: 1_000 }, (_, i) => newId("dep", 1_795_000_000_000 + i).slice(-8));
    expect(new Set(firsts).size).toBe(1_000);
  });
});
