import { describe, expect, it } from "vitest";
import { createKept } from "./kept.ts";

describe("an answer that is kept", () => {
  it("is asked for once by many, and again when it is old", async () => {
    let [asked, nowMs] = [0, 0];
    const kept = createKept(
      async () => ++asked,
      1_000,
      () => new Date(nowMs),
    );
    expect(await Promise.all([kept(), kept(), kept()])).toEqual([1, 1, 1]);
    nowMs = 1_000;
    expect(await kept()).toBe(1);
    nowMs = 1_001;
    expect(await kept()).toBe(2);
    nowMs = -3_600_000; // the clock was set back
    expect(await kept()).toBe(3);
  });

  it("is not kept when it failed", async () => {
    let asked = 0;
    const ask = async () => {
      asked++;
      if (asked === 1) throw new Error("away");
      return asked;
    };
    const kept = createKept(ask, 1_000, () => new Date(0));
    await expect(kept()).rejects.toThrow("away");
    expect(await kept()).toBe(2);
  });
});
