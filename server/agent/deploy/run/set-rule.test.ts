import { describe, expect, it } from "vitest";
import type { InstanceState } from "../../ports/workloads.ts";
import type { ObservedInstance } from "./rolling.ts";
import { nextSetAction, type SetGoal, surplusOf } from "./set-rule.ts";

const goal: SetGoal = { version: "2", wanted: 2, readyTimeoutMs: 10_000, replaceBroken: false };
const STATES: Record<string, InstanceState> = {
  s: "starting",
  r: "ready",
  u: "unready",
  d: "draining",
  t: "stopping",
  b: "restarting",
  c: "crash-looping",
};
/** "1r 2s" → a ready instance of version 1 and a starting one of version 2, called i0 and i1. */
const seen = (text: string): ObservedInstance[] =>
  text
    .split(" ")
    .filter(Boolean)
    .map((part, i) => ({ id: `i${i}`, version: part[0]!, state: STATES[part[1]!]!, reason: null }));

describe("nextSetAction", () => {
  it.each([
    ["starts all that is missing, whatever else runs", "1r 1r 1r", {}, "start 2"],
    ["starts what is still missing", "1r 2s", {}, "start 1"],
    ["does not count what is leaving", "2d 2t 2r", {}, "start 1"],
    ["waits until they are ready", "2r 2s", {}, "wait"],
    ["waits for one that restarts", "2r 2b", {}, "wait"],
    ["is done when enough are ready", "1r 2r 2r", {}, "done"],
    ["is done although one more still starts", "2r 2r 2s", {}, "done"],
    ["fails when one keeps crashing", "2r 2c", {}, "fail i1"],
    ["fails even when enough others are ready", "2r 2r 2c", {}, "fail i2"],
    [
      "replaces what keeps crashing when there is nowhere further back",
      "2r 2c 2c",
      { replaceBroken: true },
      "replace i1 i2",
    ],
    ["is done on the way back although a spare one crashes", "2r 2r 2c", { replaceBroken: true }, "done"],
  ] as const)("%s", (_, instances, over, expected) => {
    const action = nextSetAction(seen(instances), { ...goal, ...over }, {}, 0);
    const of = { start: "count" in action ? action.count : "", wait: "", done: "", fail: "", replace: "" };
    const hopeless = "hopeless" in action ? [action.hopeless].flat().map((one) => one.instance.id) : [];
    expect([action.do, of[action.do], ...hopeless].filter((part) => part !== "").join(" ")).toBe(expected);
  });

  it("fails when one is not ready in time, and not a moment before", () => {
    expect(nextSetAction(seen("2r 2s"), goal, { i1: 1_000 }, 10_999).do).toBe("wait");
    expect(nextSetAction(seen("2r 2s"), goal, { i1: 1_000 }, 11_000)).toMatchObject({
      do: "fail",
      hopeless: { reason: "it was not ready within 10 s" },
    });
  });
});

describe("surplusOf", () => {
  it.each([
    ["nobody when only the set runs", "2r 2r", []],
    ["every other version, in whatever state", "1r 2r 0c 2r 1d", ["i0", "i2", "i4"]],
    ["its own that somebody left draining", "2r 2r 2d", ["i2"]],
    ["what is too many, those that are down first", "2r 2b 2r 2r", ["i3", "i1"]],
  ])("%s", (_, instances, expected) => {
    expect(surplusOf(seen(instances), goal).map(({ instance }) => instance.id)).toEqual(expected);
  });
});
