import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InstanceState } from "../../ports/workloads.ts";
import { nextRollingAction, noteUnready, type ObservedInstance, type RollingGoal, surgeOf } from "./rolling.ts";

const goal: RollingGoal = {
  version: "2",
  wanted: 3,
  maxSurge: 1,
  maxUnavailable: 0,
  readyTimeoutMs: 10_000,
};

/** "1r 1r 2s" → two ready instances of version 1 and a starting one of version 2, called i0, i1, i2. */
const LETTER: Record<string, InstanceState> = {
  s: "starting",
  r: "ready",
  u: "unready",
  d: "draining",
  t: "stopping",
  b: "restarting",
  c: "crash-looping",
};
const seen = (text: string): ObservedInstance[] =>
  text
    .split(" ")
    .filter(Boolean)
    .map((part, i) => ({ id: `i${i}`, version: part[0]!, state: LETTER[part[1]!]!, reason: null }));

const say = (text: string, over: Partial<RollingGoal> = {}, since: Record<string, number> = {}, at = 0): string => {
  const action = nextRollingAction(seen(text), { ...goal, ...over }, since, at);
  if (action.do === "drainAndStop" || action.do === "fail") return `${action.do} ${action.instance.id}`;
  return action.do;
};

describe("nextRollingAction", () => {
  it.each([
    ["starts one beside what runs", "1r 1r 1r", {}, "start"],
    ["waits for the new one before an old one goes", "1r 1r 1r 2s", {}, "waitReady"],
    ["drains an old one once the new one is ready", "1r 1r 1r 2r", {}, "drainAndStop i0"],
    ["does not start above the surge while an old one stops", "1t 1r 1r 2r", {}, "waitReady"],
    ["starts the next one when there is room again", "1r 1r 2r", {}, "start"],
    ["ends when all are new and ready", "2r 2r 2r", {}, "done"],
    ["does not end while an old one is still stopping", "1t 2r 2r 2r", {}, "waitReady"],
    ["finishes a drain that somebody left behind", "1d 2r 2r 2r", {}, "drainAndStop i0"],
    ["takes a broken old one first", "1r 1c 1r 2r", {}, "drainAndStop i1"],
    ["an old one that is down does not block when the surge is full", "1c 1c 1c 2s", {}, "drainAndStop i0"],
    ["starts several at once when the surge allows", "1r 1r 1r 2s", { maxSurge: 2 }, "start"],
    ["may go below the wanted number when told", "1r 1r 1r 2s", { maxUnavailable: 1 }, "drainAndStop i0"],
    ["starts all when nothing runs", "", {}, "start"],
    ["removes a surplus of the new version", "2r 2r 2r 2r", {}, "drainAndStop i3"],
    ["a crash-looping new one fails it", "1r 1r 1r 2c", {}, "fail i3"],
    ["a new one that restarts once is waited for", "1r 1r 1r 2b", {}, "waitReady"],
  ] as const)("%s", (_, instances, over, expected) => {
    expect(say(instances, over)).toBe(expected);
  });

  it("fails when a new one is not ready in time, and not a moment before", () => {
    expect(say("1r 1r 1r 2s", {}, { i3: 1_000 }, 10_999)).toBe("waitReady");
    expect(say("1r 1r 1r 2s", {}, { i3: 1_000 }, 11_000)).toBe("fail i3");
  });

  it("keeps the clock of what is not ready and forgets what became ready", () => {
    const first = noteUnready({}, seen("1r 2s 2s"), "2", 100);
    expect(first).toEqual({ i1: 100, i2: 100 });
    expect(noteUnready(first, seen("1r 2r 2u"), "2", 500)).toEqual({ i2: 100 });
  });

  it("from any mixture reaches the goal without breaking a bound", () => {
    const states = fc.constantFrom<InstanceState>("starting", "ready", "unready", "restarting", "crash-looping");
    const old = fc.array(fc.record({ version: fc.constantFrom("0", "1"), state: states }), { maxLength: 8 });
    fc.assert(
      fc.property(old, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }), (start, wanted, maxSurge) => {
        let instances: ObservedInstance[] = start.map((one, i) => ({ ...one, id: `o${i}`, reason: null }));
        const readyAtStart = instances.filter((one) => one.state === "ready").length;
        const here = { ...goal, wanted, maxSurge };
        for (let turn = 0; turn < 200; turn++) {
          const action = nextRollingAction(instances, here, {}, 0);
          if (action.do === "done") {
            expect(instances.every((one) => one.version === "2" && one.state === "ready")).toBe(true);
            expect(instances).toHaveLength(wanted);
            return;
          }
          if (action.do === "start")
            instances = [...instances, { id: `n${turn}`, version: "2", state: "starting", reason: null }];
          if (action.do === "drainAndStop") instances = instances.filter((one) => one.id !== action.instance.id);
          if (action.do === "waitReady")
            instances = instances.map((one) => (one.version === "2" ? { ...one, state: "ready" as const } : one));
          const ready = instances.filter((one) => one.state === "ready").length;
          expect(ready).toBeGreaterThanOrEqual(Math.min(readyAtStart, wanted));
          expect(instances.length).toBeLessThanOrEqual(Math.max(start.length, wanted + maxSurge));
        }
        expect.unreachable("200 turns were not enough");
      }),
    );
  });
});

it.each([
  [1, 1],
  [4, 1],
  [5, 2],
  [10, 3],
])("a surge of 25 %% of %i is %i", (wanted, surge) => expect(surgeOf(wanted, 25)).toBe(surge));
