import { describe, expect, it } from "vitest";
import { restartDelayMs } from "./restart-policy.ts";

describe("restartDelayMs", () => {
  it.each([
    ["the first end", [100_000], 250],
    ["the second within a minute", [90_000, 100_000], 500],
    ["the third", [80_000, 90_000, 100_000], 1_000],
    ["the fourth", [70_000, 80_000, 90_000, 100_000], 2_000],
    ["the fifth", [60_000, 70_000, 80_000, 90_000, 100_000], null],
    ["five, the first of them more than a minute ago", [40_000, 70_000, 80_000, 90_000, 100_000], 2_000],
    ["one after a long calm", [1_000, 2_000, 3_000, 4_000, 900_000], 250],
  ])("%s", (_name, endedAtMs, expected) => expect(restartDelayMs(endedAtMs)).toBe(expected));
});
