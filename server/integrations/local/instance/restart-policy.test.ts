import { describe, expect, it } from "vitest";
import { afterCrash, type CrashHistory, NO_CRASHES } from "./restart-policy.ts";

/** Feeds crashes `[at, ranFor]` in and returns what each led to. */
const decisions = (crashes: [atMs: number, ranForMs: number][]) => {
  let history: CrashHistory = NO_CRASHES;
  return crashes.map(([atMs, ranForMs]) => {
    const decision = afterCrash(history, atMs, ranForMs);
    history = decision.history;
    return decision.crashLooping ? `looping ${decision.delayMs}` : decision.delayMs;
  });
};

describe("afterCrash", () => {
  it.each<{ name: string; crashes: [number, number][]; expected: (number | string)[] }>([
    { name: "one crash", crashes: [[0, 5]], expected: [250] },
    {
      name: "five in a row double the delay, the fifth is a loop",
      crashes: [0, 300, 900, 2_000, 4_100].map((at) => [at, 50]),
      expected: [250, 500, 1_000, 2_000, "looping 60000"],
    },
    {
      name: "a loop that crashes again a minute later stays one",
      crashes: [0, 300, 900, 2_000, 4_100, 64_200].map((at) => [at, 50]),
      expected: [250, 500, 1_000, 2_000, "looping 60000", "looping 60000"],
    },
    {
      name: "a stable minute forgets",
      crashes: [
        [0, 50],
        [300, 50],
        [70_000, 65_000],
      ],
      expected: [250, 500, 250],
    },
    {
      name: "slow crashes back off to ten seconds without being a loop before the sixth",
      crashes: [0, 20_000, 40_000, 60_000, 80_000].map((at) => [at, 19_000]),
      expected: [250, 500, 1_000, 2_000, 4_000],
    },
  ])("$name", ({ crashes, expected }) => expect(decisions(crashes)).toEqual(expected));
});
