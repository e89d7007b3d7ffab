import { describe, expect, it } from "vitest";
import type { AnalysisSummary, DeploymentView, StepView, Waiting } from "#server/agent/deploy/schema.ts";
import {
  choicesFor,
  consequencesOf,
  deadlineWords,
  emphasisOf,
  evidenceOf,
  expiryWords,
  labelOf,
} from "./decision-choices.ts";
import { faringOf, isOverLimit, stateOf } from "./service-words.ts";

const NOW = Date.parse("2026-03-01T10:00:00Z");
const plan: [StepView["kind"], number | null][] = [
  ["bring_up", null],
  ["weight", 5],
  ["analysis", null],
  ["weight", 25],
  ["analysis", null],
  ["weight", 100],
  ["hold", null],
  ["retire", null],
];
/** The canary's steps with one of them running. */
const at = (running: number): StepView[] =>
  plan.map(([kind, weight], index) => ({
    ...{ index, kind, weight, title: kind, instances: null, attempt: 1, startedAt: null, finishedAt: null, note: null },
    status: index < running ? "passed" : index === running ? "running" : "pending",
  }));
const waiting = (more: Partial<Waiting> = {}): Waiting => ({
  ...{ id: "w", kind: "undecided", reason: "Not decided", since: "2026-03-01T09:30:00Z", stepIndex: 2 },
  ...{ expiresAt: "2026-03-01T10:24:00Z", options: ["promote", "retry", "rollback", "abort"] },
  ...more,
});
const deployment = (more: Partial<DeploymentView> = {}) =>
  ({
    ...{ status: "running", version: "2.5.0", previousVersion: "2.4.0", cancelRequested: false, waiting: null },
    ...{ deadlineAt: "2026-03-01T09:55:00Z", service: "checkout", environment: "production" },
    ...more,
  }) as DeploymentView;
const analysis = (verdict: AnalysisSummary["verdict"], stepIndex: number | null = 2, attempt = 1) =>
  ({ verdict, stepIndex, attempt }) as AnalysisSummary;

describe("the buttons", () => {
  it.each([
    [2, "Continue to 25 %"],
    [4, "Promote to 100 %"],
    [6, "Keep 2.5.0 and stop 2.4.0"],
  ])("at step %i say what going on brings about", (step, label) =>
    expect(labelOf("promote", deployment(), at(step))).toBe(label),
  );

  it("offer one way back, whether it runs, waits or has nothing to go back to", () => {
    expect(choicesFor(deployment(), ["rollback", "abort", "pause", "promote"])).toEqual([
      ...["promote", "pause", "rollback"],
    ]);
    const asks = waiting();
    expect(choicesFor(deployment({ waiting: asks }), asks.options)).toEqual(["promote", "retry", "rollback"]);
    expect(choicesFor(deployment(), ["abort", "pause", "promote"])).toEqual(["promote", "pause", "abort"]);
    expect(choicesFor(deployment(), ["rollback", "abort", "resume"])).toEqual(["resume", "rollback"]);
    expect(choicesFor(deployment(), [])).toEqual([]);
    expect(labelOf("rollback", deployment(), at(2))).toBe("Roll back to 2.4.0");
  });

  it.each([
    ["pass", "primary", "secondary"],
    ["fail", "secondary", "danger"],
    ["inconclusive", "secondary", "secondary"],
    ["error", "secondary", "secondary"],
    [null, "secondary", "secondary"],
  ] as const)("with the evidence %s: going on %s, going back %s", (verdict, on, back) => {
    const evidence = evidenceOf(deployment(), at(2), verdict === null ? [] : [analysis(verdict), analysis("pass", 4)]);
    const running = deployment();
    expect([emphasisOf("promote", running, evidence), emphasisOf("rollback", running, evidence)]).toEqual([on, back]);
    const paused = deployment({ waiting: waiting({ kind: "paused" }) });
    expect(emphasisOf("resume", paused, evidence)).toBe(on);
  });

  it("go by the comparison of their own step", () => {
    expect(evidenceOf(deployment(), at(4), [analysis("pass", 2)])).toBeNull();
    expect(evidenceOf(deployment({ waiting: waiting() }), at(2), [analysis("fail", 2)])?.verdict).toBe("fail");
    const regressed = deployment({ waiting: waiting({ kind: "regressed", stepIndex: null }) });
    expect(evidenceOf(regressed, at(8), [analysis("fail", null), analysis("pass", 6)])?.verdict).toBe("fail");
  });

  it("go by the attempt that runs, not by the one before it", () => {
    const again = at(2).map((step) => (step.index === 2 ? { ...step, attempt: 2 } : step));
    expect(evidenceOf(deployment(), again, [analysis("pass", 2, 1)])).toBeNull();
    expect(evidenceOf(deployment(), again, [analysis("fail", 2, 2), analysis("pass", 2, 1)])?.verdict).toBe("fail");
  });

  it.each(["undecided", "failed", "regressed"] as const)("none stands out to go on when it is asked as %s", (kind) => {
    const asked = deployment({ waiting: waiting({ kind }) });
    expect(emphasisOf("promote", asked, analysis("pass"))).toBe("secondary");
    expect(emphasisOf("rollback", asked, analysis("fail"))).toBe("danger");
  });
});

describe("what will happen", () => {
  const sentence = "By now 2.5.0 has had 57 requests since that comparison began, 0 failed: enough to compare";
  const counts = { requests: 57, failed: 0, leastRequests: 50, since: "2026-03-01T09:40:00Z", sentence };
  const evidenceNow = { ...counts, comparedAt: "2026-03-01T09:48:00Z" };
  const told = (choice: "promote" | "retry", evidence: typeof evidenceNow | null) =>
    consequencesOf(choice, deployment({ waiting: waiting() }), at(2), { evidenceNow: evidence, now: NOW });

  it("says of when that is which one accepts, and how it stands by now", () => {
    expect(told("promote", evidenceNow).slice(0, 2)).toEqual([
      "You accept what stood against it when it was last compared, 12\u00a0min ago: Not decided",
      `${sentence}.`,
    ]);
    expect(told("promote", null)[0]).toBe("You accept what stood against it: Not decided");
  });

  it("replaces nothing where nothing failed", () => {
    expect(told("retry", evidenceNow)).toEqual(["Done again: analysis.", `${sentence}.`]);
    expect(told("retry", null)).toEqual(["Done again: analysis.", "What failed before is replaced first."]);
  });
});

describe("deadlines", () => {
  it("are counted down, and never lie in the past", () => {
    expect(deadlineWords(deployment({ deadlineAt: "2026-03-01T10:05:00Z" }), at(0), NOW)).toBe("in 5\u00a0min");
    expect(deadlineWords(deployment(), at(0), NOW)).toBe("now: its time is up");
  });

  it("stand still during a comparison and a decision, with what is left after it however long it takes", () => {
    const of = { deadlineAt: "2026-03-01T10:05:00Z" };
    const compared = at(2).map((step) => (step.index === 2 ? { ...step, startedAt: "2026-03-01T10:00:30Z" } : step));
    for (const now of [NOW, NOW + 3_600_000])
      expect(deadlineWords(deployment(of), compared, now)).toBe(
        "stands still during this step, 4\u00a0min 30\u00a0s left after it",
      );
    const asked = waiting({ since: "2026-03-01T10:01:00Z" });
    expect(deadlineWords(deployment({ ...of, waiting: asked }), at(0), NOW + 3_600_000)).toBe(
      "stands still until the decision, 4\u00a0min left after it",
    );
  });

  it("of a decision say what follows", () => {
    const asked = deployment({ waiting: waiting() });
    expect(expiryWords(asked, NOW)).toBe("Without a decision it goes back to 2.4.0 by itself in 24\u00a0min.");
    expect(expiryWords(asked, NOW + 3_600_000)).toBe(
      "The time to decide is over: it goes back to 2.4.0 as soon as a worker takes it up.",
    );
  });
});

describe("how the service fares", () => {
  const now = { health: "up", healthMessage: null, windowSeconds: 60, errorLimitPercent: 1 } as const;
  const plain = (text: string | null) => text?.replaceAll("\u00a0", " ") ?? null;
  it.each([
    [1_200, 48, "48 of 1 200 requests failed in the last 60 s (4 %, limit 1 %)", true],
    [1_200, 0, "0 of 1 200 requests failed in the last 60 s", false],
    [0, 0, "no requests in the last 60 s", false],
    [null, null, null, false],
  ])("%s requests, %s failed", (requests, failed, words, over) => {
    expect(plain(faringOf({ ...now, requests, failed }))).toBe(words);
    expect(isOverLimit({ ...now, requests, failed })).toBe(over);
  });

  it("is a state with what makes that state, never with what makes another", () => {
    const slow = { kind: "latency", state: "degraded", message: "p95 is 900 ms, more than 500 ms" } as const;
    const asked = { kind: "decision", state: "waiting", message: "2.5.0 waits for a decision" } as const;
    const older = { ...now, health: "down", healthMessage: "91 % of 1 240 requests failed in 5 min" } as const;
    const counted = { ...older, requests: 1_200, failed: 0 };
    expect(stateOf({ health: "degraded", reasons: [asked, slow] }, counted)).toEqual({
      ...{ state: "degraded", why: slow.message },
    });
    expect(stateOf({ health: "up", reasons: [] }, counted)).toEqual({ state: "up", why: null });
    expect(stateOf(undefined, counted)).toEqual({ state: "down", why: older.healthMessage });
  });
});
