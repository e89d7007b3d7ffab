import { describe, expect, it } from "vitest";
import type { AppError } from "../../kernel/errors.ts";
import type { DecisionRow } from "../record/store-decisions.ts";
import type { Decision, DeploymentStatus, Waiting } from "../schema.ts";
import { allowedNow, type Facts, offeredNow, rule, type Wish } from "./decision-rule.ts";

const at = new Date("2026-11-27T12:00:00Z");
const ada = { kind: "person", id: "usr_ada" };
const bob = { kind: "person", id: "usr_bob" };

const waiting = (options: Decision[], kind: Waiting["kind"] = "failed"): Waiting => ({
  id: "wait_1",
  kind,
  reason: "p95 is worse",
  since: at.toISOString(),
  expiresAt: at.toISOString(),
  options,
  stepIndex: 4,
});
type Step = Facts["steps"][number];
const steps: Step[] = [
  { index: 3, kind: "weight", status: "passed", title: "Send 5 %" },
  { index: 4, kind: "analysis", status: "running", title: "Compare at 5 %" },
  { index: 5, kind: "weight", status: "pending", title: "Send 25 %" },
  { index: 6, kind: "analysis", status: "pending", title: "Compare at 25 %" },
];
const weighing = steps.map(
  (step): Step => ({ ...step, status: step.index === 5 ? "running" : step.index < 5 ? "passed" : "pending" }),
);
const facts = (
  status: DeploymentStatus,
  change: Partial<Facts> & { asks?: Waiting; previousVersion?: null } = {},
): Facts => {
  const { asks = null, previousVersion = "1.0.0", ...rest } = change;
  return {
    deployment: { id: "dep_1", status, waiting: asks, previousVersion, cancelRequested: false, version: "1.1.0" },
    steps,
    answer: null,
    newest: null,
    canReturn: false,
    at,
    ...rest,
  };
};
const row = (decision: Decision, change: Partial<DecisionRow> = {}): DecisionRow => ({
  seq: 1,
  deploymentId: "dep_1",
  decision,
  scope: "step",
  stepIndex: 4,
  waitingId: null,
  reason: "",
  actorKind: "person",
  actorId: "usr_ada",
  actorName: "Ada",
  via: "web",
  at: new Date(at.getTime() - 2_000),
  ...change,
});
const wish = (decision: Decision, actor = bob, scope: Wish["scope"] = "step"): Wish => ({ decision, scope, actor });
const outcome = (given: Facts, asked: Wish): string => {
  try {
    const ruling = rule(given, asked);
    return ruling.kind === "same" ? "same" : `write ${ruling.stepIndex} ${ruling.waitingId}`;
  } catch (error) {
    return (error as AppError).code;
  }
};

describe("what is accepted", () => {
  it("is no answer to a question of the future, after the clock was set back", () => {
    const answered = (ahead: number) =>
      facts("running", { newest: row("promote", { waitingId: "w", at: new Date(at.getTime() + ahead) }) });
    expect(outcome(answered(-2_000), wish("promote"))).toBe("CONFLICT");
    expect(outcome(answered(3_600_000), wish("promote"))).not.toBe("CONFLICT");
  });

  it.each<[Facts, "step" | "all", Decision[]]>([
    [facts("queued"), "step", ["abort"]],
    [facts("running"), "step", ["rollback", "abort", "pause", "promote"]],
    [facts("running", { steps: weighing }), "step", ["rollback", "abort", "pause"]],
    [facts("running", { steps: weighing }), "all", ["rollback", "abort", "pause", "promote"]],
    [facts("running", { previousVersion: null, steps: [] }), "all", ["abort", "pause"]],
    [facts("running", { newest: row("pause"), steps: [] }), "step", ["rollback", "abort", "resume"]],
    [facts("rolling_back"), "step", []],
    [facts("succeeded"), "step", []],
    [
      facts("paused", { asks: waiting(["promote", "retry", "rollback", "abort"]) }),
      "step",
      ["promote", "retry", "rollback", "abort"],
    ],
    [facts("succeeded", { canReturn: true }), "step", ["rollback"]],
    [facts("succeeded", { asks: waiting(["promote", "rollback"], "regressed") }), "step", ["promote"]],
    [
      facts("succeeded", { asks: waiting(["promote", "rollback"], "regressed"), canReturn: true }),
      "step",
      ["promote", "rollback"],
    ],
  ])("case %#", (given, scope, allowed) => expect(allowedNow(given, scope)).toEqual(allowed));
});

describe("what is offered", () => {
  const during = (kind: Step["kind"]): Step[] => [
    { index: 3, kind, status: "running", title: "It runs" },
    ...steps.slice(2),
  ];
  const kinds: Step["kind"][] = ["bring_up", "weight", "analysis", "hold", "verify", "hook", "retire"];
  const newest = [null, row("pause"), row("resume"), row("promote"), row("rollback"), row("abort")];
  const given = [
    ...kinds.flatMap((kind) => newest.map((one) => facts("running", { steps: during(kind), newest: one }))),
    ...(["queued", "rolling_back", "succeeded", "failed"] as const).map((status) => facts(status)),
    facts("paused", { asks: waiting(["promote", "retry", "rollback", "abort"]) }),
    facts("paused", { asks: waiting(["promote", "rollback"]), answer: row("promote", { waitingId: "w" }) }),
  ];
  it.each(given)("is accepted, case %#", (one) => {
    for (const decision of offeredNow(one)) expect(outcome(one, wish(decision)), decision).toMatch(/^write/);
  });

  it("is no promotion of a verification or a hook, which nothing can shorten", () => {
    for (const kind of ["verify", "hook"] as const)
      expect(offeredNow(facts("running", { steps: during(kind) }))).toEqual(["rollback", "abort", "pause"]);
  });
});

describe("a decision", () => {
  const asked = waiting(["promote", "retry", "rollback", "abort"]);
  const answered = { asks: asked, answer: row("promote", { waitingId: "wait_1" }) };
  it.each<[string, Facts, Wish, string]>([
    ["answers the question", facts("paused", { asks: asked }), wish("retry"), "write 4 wait_1"],
    ["that was answered by another", facts("paused", answered), wish("rollback"), "CONFLICT"],
    ["even with the same answer", facts("paused", answered), wish("promote"), "CONFLICT"],
    ["repeated by the same person", facts("paused", answered), wish("promote", ada), "same"],
    ["changed by the same person", facts("paused", answered), wish("rollback", ada), "CONFLICT"],
    ["with another scope is another one", facts("paused", answered), wish("promote", ada, "all"), "CONFLICT"],
    ["that is no option", facts("paused", { asks: waiting(["rollback"]) }), wish("retry"), "PRECONDITION"],
    ["steps in", facts("running"), wish("pause"), "write 4 null"],
    ["promotes the running analysis", facts("running"), wish("promote"), "write 4 null"],
    ["has nothing to promote", facts("running", { steps: weighing }), wish("promote"), "PRECONDITION"],
    ["retries nothing while it runs", facts("running"), wish("retry"), "PRECONDITION"],
    ["pauses twice, the same", facts("running", { newest: row("pause") }), wish("pause", ada), "same"],
    ["pauses after another", facts("running", { newest: row("pause") }), wish("pause"), "CONFLICT"],
    ["takes another's pause back", facts("running", { newest: row("pause") }), wish("resume"), "write 4 null"],
    [
      "goes back although a pause is pending",
      facts("running", { newest: row("pause") }),
      wish("rollback"),
      "write 4 null",
    ],
    ["resumes what is not paused", facts("running"), wish("resume"), "PRECONDITION"],
    ["after a rollback was decided", facts("running", { newest: row("rollback") }), wish("promote"), "CONFLICT"],
    ["aborts twice, the same", facts("rolling_back", { newest: row("abort") }), wish("abort", ada), "same"],
    ["aborts after another", facts("running", { newest: row("abort") }), wish("abort"), "CONFLICT"],
    ["while it goes back by itself", facts("rolling_back"), wish("rollback"), "PRECONDITION"],
    ["goes back where nothing was", facts("running", { previousVersion: null }), wish("rollback"), "PRECONDITION"],
    [
      "comes a moment after the answer was acted on",
      facts("running", { newest: row("promote", { waitingId: "w" }), steps: weighing }),
      wish("promote"),
      "CONFLICT",
    ],
    [
      "comes much later",
      facts("running", { newest: row("promote", { waitingId: "w", at: new Date(0) }), steps: weighing }),
      wish("promote"),
      "PRECONDITION",
    ],
    [
      "is sent twice by the same person, and not taken for the next step",
      facts("running", { newest: row("promote", { waitingId: "w" }) }),
      wish("promote", ada),
      "same",
    ],
    [
      "promotes what the same person resumed",
      facts("running", { newest: row("resume", { waitingId: "w" }) }),
      wish("promote", ada, "all"),
      "write 4 null",
    ],
    [
      "pauses after an answer was acted on",
      facts("running", { newest: row("promote", { waitingId: "w" }) }),
      wish("pause"),
      "write 4 null",
    ],
    ["pauses what has ended", facts("succeeded"), wish("pause"), "PRECONDITION"],
    [
      "keeps what regressed",
      facts("succeeded", { asks: waiting(["promote", "rollback"], "regressed") }),
      wish("promote"),
      "write 4 wait_1",
    ],
    ["aborts what is queued", facts("queued", { steps: [] }), wish("abort"), "write null null"],
    ["pauses what is queued", facts("queued"), wish("pause"), "PRECONDITION"],
  ])("%s", (_, given, given2, expected) => expect(outcome(given, given2)).toBe(expected));

  it("names who was first, what and when", () => {
    expect(() => rule(facts("paused", answered), wish("rollback"))).toThrow(
      expect.objectContaining({
        message: "Ada has already decided to promote it at 11:59:58 UTC. Look at the deployment again.",
        details: { deploymentId: "dep_1", decision: "promote", by: "Ada", at: "2026-11-27T11:59:58.000Z" },
      }),
    );
  });

  it.each(["promote", "pause"] as const)("says what cannot be done to one that has ended: %s", (decision) => {
    expect(() => rule(facts("succeeded"), wish(decision))).toThrow(
      `dep_1 has ended (succeeded); there is nothing left to ${decision}.`,
    );
  });

  it("says what is possible instead", () => {
    expect(() => rule(facts("paused", { asks: waiting(["rollback"]) }), wish("retry"))).toThrow(
      expect.objectContaining({
        message: "dep_1 waits for a decision (p95 is worse) and cannot retry the step. Possible now: rollback.",
        details: { deploymentId: "dep_1", status: "paused", allowed: ["rollback"] },
      }),
    );
  });
});
