import { describe, expect, it } from "vitest";
import type { Decision } from "../schema.ts";
import { answerIn, freeSlots, type Inbox, type InboxDecision, interruptionIn, newRunState } from "./run-state.ts";

const state = () => newRunState({ deadlineAt: 0 });
const decided = (seq: number, decision: Decision, more: Partial<InboxDecision> = {}): InboxDecision => ({
  ...{ seq, decision, scope: "step", reason: "", actorName: "Ada", stepIndex: 3, waitingId: null },
  ...more,
});
const inboxWith = (decisions: InboxDecision[], cancelRequested = false): Inbox => ({
  steady: undefined,
  at: 1_000,
  cancelRequested,
  decisions,
});
const ALL = { pause: true, promote: true };
const NONE = { pause: false, promote: false };

describe("listen", () => {
  it.each([
    ["nothing", [], ALL, null],
    ["a rollback, in any step", [decided(1, "rollback")], NONE, "rollback"],
    ["an abort, in any step", [decided(1, "abort")], NONE, "cancel"],
    ["a promotion of this step", [decided(1, "promote")], ALL, "promote"],
    ["no promotion of another step", [decided(1, "promote", { stepIndex: 2 })], ALL, null],
    ["no promotion where there is nothing to accept", [decided(1, "promote")], NONE, null],
    ["a pause, where it can stop", [decided(1, "pause")], ALL, "pause"],
    ["no pause where it cannot", [decided(1, "pause")], NONE, null],
    ["no pause that was taken back at once", [decided(1, "pause"), decided(2, "resume")], ALL, null],
    ["an abort after a pause", [decided(1, "pause"), decided(2, "abort")], ALL, "cancel"],
    ["the first of two that go back", [decided(1, "rollback"), decided(2, "abort")], ALL, "rollback"],
    ["no retry, which nobody asked about", [decided(1, "retry")], ALL, null],
  ] as const)("acts on %s", (_, decisions, interruptRules, expected) => {
    const by = interruptionIn(state(), inboxWith([...decisions]), interruptRules, 3);
    expect(by?.kind === "decision" ? by.decision.decision : (by?.kind ?? null)).toBe(expected);
  });

  it("acts on each decision once, and on a cancel for as long as it stands", () => {
    const mine = state();
    const twice = inboxWith([decided(7, "rollback")], true);
    expect(interruptionIn(mine, twice, NONE, 3)?.kind).toBe("decision");
    expect(interruptionIn(mine, twice, NONE, 3)?.kind).toBe("cancel");
  });

  it("keeps a pause in mind until a step can stop for it", () => {
    const mine = state();
    expect(interruptionIn(mine, inboxWith([decided(1, "pause")]), NONE, 3)).toBeNull();
    expect(mine.pause?.actorName).toBe("Ada");
    expect(interruptionIn(mine, inboxWith([]), ALL, 4)).toMatchObject({ decision: { decision: "pause" } });
    expect(mine.pause).toBeNull();
  });

  it("remembers who promoted everything, and who cancelled", () => {
    const mine = state();
    interruptionIn(
      mine,
      inboxWith([decided(1, "promote", { scope: "all", stepIndex: 0 }), decided(2, "abort")]),
      NONE,
      3,
    );
    expect(mine).toMatchObject({ promotedBy: "Ada", cancelledBy: "Ada", readUpTo: 2 });
  });
});

describe("answerIn", () => {
  it("takes the first decision that was offered, and leaves the rest for later", () => {
    const mine = state();
    const all = inboxWith([decided(1, "pause"), decided(2, "resume"), decided(3, "retry"), decided(4, "rollback")]);
    expect(answerIn(mine, all, ["promote", "retry", "rollback"])).toMatchObject({
      decision: "retry",
      by: "Ada",
      at: 1_000,
    });
    expect(mine.readUpTo).toBe(3);
    expect(answerIn(mine, all, ["promote", "retry", "rollback"])?.decision).toBe("rollback");
  });
  it("takes a cancel that came without a decision", () =>
    expect(answerIn(state(), inboxWith([], true), ["retry"])?.decision).toBe("abort"));
  it("is not there yet", () => expect(answerIn(state(), inboxWith([]), ["retry"])).toBeNull());
});

it("finds numbers no instance was started under", () =>
  expect(freeSlots({ started: new Set([0, 2]) }, 3)).toEqual([1, 3, 4]));
