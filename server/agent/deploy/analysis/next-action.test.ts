import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_RULES } from "../config.ts";
import type { Judgement } from "../run/procedure.ts";
import { nextAnalysisAction } from "./next-action.ts";

const rules = { ...DEFAULT_RULES.analysis, minSeconds: 60, maxWaitSeconds: 300, intervalSeconds: 10 };
const of = (verdict: Judgement["verdict"], atSeconds: number, tooLittle = false): Judgement => ({
  ...{ at: atSeconds * 1_000, verdict, tooLittle, score: 100, sentence: `${verdict} at ${atSeconds}` },
  ...{ candidateRequests: 100, candidateErrors: 0 },
});
const next = (judgements: Judgement[], atSeconds: number, more: object = {}, holdSeconds?: number) =>
  nextAnalysisAction(judgements, { ...rules, ...more }, { startedAt: 0, at: atSeconds * 1_000, holdSeconds });
const passes = [10, 20, 30, 40, 50].map((at) => of("pass", at));

describe("an analysis", () => {
  it.each([
    ["waits for the first look", [], 3, {}, { do: "wait", ms: 7_000 }],
    ["looks when it is time", [], 10, {}, { do: "judge" }],
    ["looks at a short step before it ends", [], 2, { minSeconds: 2 }, { do: "judge" }],
    ["waits out its time although all is well", passes, 55, {}, { do: "wait", ms: 5_000 }],
    ["looks once more at the end of its time", passes, 60, {}, { do: "pass" }],
    ["passes after its time", [...passes, of("pass", 60)], 61, {}, { do: "pass" }],
    ["fails at once", [of("pass", 10), of("fail", 20)], 20, {}, { do: "fail" }],
    ["tolerates as many failures as it may", [of("fail", 10)], 12, { failureLimit: 1 }, { do: "wait", ms: 8_000 }],
    ["and not one more", [of("fail", 10), of("pass", 20), of("fail", 30)], 30, { failureLimit: 1 }, { do: "fail" }],
    [
      "asks after too many that could not decide",
      [10, 20, 30, 40].map((at) => of("inconclusive", at)),
      40,
      {},
      { do: "ask" },
    ],
    ["goes on after a few of them", [10, 20, 30].map((at) => of("inconclusive", at)), 40, {}, { do: "judge" }],
    [
      "waits for more requests as often as need be",
      [10, 20, 30, 40, 50].map((at) => of("inconclusive", at, true)),
      60,
      {},
      { do: "judge" },
    ],
    ["asks when they do not come", [of("inconclusive", 295, true)], 300, {}, { do: "ask" }],
    ["asks after faults in a row", [10, 20, 30, 40, 50].map((at) => of("error", at)), 50, {}, { do: "ask" }],
    [
      "forgets faults that passed",
      [of("error", 10), of("error", 20), of("pass", 30), of("error", 40), of("error", 50), of("error", 60)],
      70,
      {},
      { do: "judge" },
    ],
    [
      "does not pass on an old verdict when the newest is a fault",
      [...passes, of("error", 60)],
      61,
      {},
      { do: "wait", ms: 9_000 },
    ],
  ] as const)("%s", (_, judgements, at, more, action) => {
    expect(next([...judgements], at, more)).toMatchObject(action);
  });

  it("says what it waited for when it asks", () => {
    expect(next([], 300)).toEqual({ do: "ask", reason: "Nothing to compare in 5 min" });
    expect(next([of("inconclusive", 295, true)], 300)).toMatchObject({
      reason: expect.stringContaining("inconclusive at 295"),
    });
  });
});

describe("a hold", () => {
  it.each([
    ["lasts its time", passes, 25, { do: "judge" }],
    ["goes on as the rules say when too few requests came", [of("inconclusive", 10, true)], 30, { do: "goOn" }],
    ["looks at its end when nobody looked before", [], 30, { do: "judge" }],
    ["asks when nothing could be compared", [of("error", 10), of("error", 20)], 30, { do: "ask" }],
    ["asks when comparisons could not decide", [of("inconclusive", 10), of("error", 20)], 30, { do: "ask" }],
    ["asks when the newest comparison is in doubt", [of("pass", 10), of("inconclusive", 20)], 30, { do: "ask" }],
    [
      "passes by its last verdict when no requests come any more",
      [of("pass", 10), of("inconclusive", 20, true)],
      30,
      { do: "pass" },
    ],
    ["passes by its last verdict when the last look failed", [of("pass", 10), of("error", 20)], 30, { do: "pass" }],
    ["ends at once when the new version fails", [of("fail", 10)], 11, { do: "fail" }],
    ["never asks", [10, 12, 14, 16, 18].map((at) => of("error", at)), 20, { do: "wait" }],
  ] as const)("%s", (_, judgements, at, action) => {
    expect(next([...judgements].slice(0, at === 25 ? 1 : undefined), at, {}, 30)).toMatchObject(action);
  });
});

describe("the end of a long hold", () => {
  const many = (count: number, verdict: Judgement["verdict"], few = false) =>
    Array.from({ length: count }, (_, i) => of(verdict, 20 + i * 10, few));
  const told = (reason: string) => ({ do: "ask", reason: expect.stringContaining(reason) });
  it.each([
    [
      "after faults to the end",
      [of("pass", 10), ...many(59, "error")],
      told("59 comparisons in a row could not be made"),
    ],
    [
      "after five faults",
      [...many(54, "pass"), ...[560, 570, 580, 590, 600].map((at) => of("error", at))],
      told("5 c"),
    ],
    ["after four", [...many(55, "pass"), ...[570, 580, 590, 600].map((at) => of("error", at))], { do: "pass" }],
    ["with faults only", many(59, "error"), told("in a row could not be made")],
    ["without requests since", [of("pass", 10), ...many(59, "inconclusive", true)], { do: "goOn" }],
    [
      "with faults and few requests in turn",
      [
        of("pass", 10),
        ...many(58, "inconclusive", true).map((one, i) => (i % 2 ? { ...one, verdict: "error" as const } : one)),
      ],
      told("Not decided in 10 min"),
    ],
    ["when nobody looked since the beginning", [of("pass", 10)], { do: "judge" }],
    ["when the look at its end passed", [of("pass", 10), of("pass", 640)], { do: "pass" }],
    ["when the look at its end failed to be made", [of("pass", 10), of("error", 640)], told("Not decided")],
  ] as const)("%s", (_, judgements, action) => {
    expect(next([...judgements], 640, {}, 600)).toMatchObject(action);
  });
});

describe("doubt although there were requests enough", () => {
  const doubt = { ...of("inconclusive", 10, true), fewRequests: false };
  it("is waited for by an analysis, and ends a hold in a question", () => {
    expect(next([doubt], 20)).toEqual({ do: "judge" });
    expect(next([doubt], 30, {}, 30)).toMatchObject({
      do: "ask",
      reason: expect.stringContaining("Not decided in 30 s"),
    });
  });
});

describe("whatever the verdicts", () => {
  const verdict = fc.record({
    verdict: fc.constantFrom("pass", "fail", "inconclusive", "error"),
    tooLittle: fc.boolean(),
  }) as fc.Arbitrary<Pick<Judgement, "verdict" | "tooLittle">>;
  const history = fc.array(verdict, { maxLength: 40 });

  it("nothing passes without a verdict that says so, nor before its time", () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 0, max: 400 }), (list, at) => {
        const judgements = list.map((one, i) => ({
          ...of(one.verdict, Math.min(at, i * 10)),
          tooLittle: one.tooLittle,
        }));
        const action = next(judgements, at);
        if (action.do !== "pass") return;
        expect(judgements.at(-1)?.verdict).toBe("pass");
        expect(at).toBeGreaterThanOrEqual(60);
        expect(judgements.some((one) => one.verdict === "fail")).toBe(false);
      }),
    );
  });

  it("no hold passes without a verdict that says so, and goes on without one only by the rule for few requests", () => {
    fc.assert(
      fc.property(history, fc.boolean(), (list, fewRequests) => {
        const judgements = list.map((one, i) => ({ ...of(one.verdict, i), tooLittle: one.tooLittle, fewRequests }));
        const action = next(judgements, 50, { failureLimit: 20 }, 40);
        if (action.do === "pass") expect(action.judgement.verdict).toBe("pass");
        if (!judgements.some((one) => one.verdict === "pass")) expect(action.do).not.toBe("pass");
        if (action.do === "goOn") expect(fewRequests).toBe(true);
        expect(next(judgements, 50, { failureLimit: 20, fewRequests: "ask" }, 40).do).not.toBe("goOn");
      }),
    );
  });

  it("it ends within its longest time", () => {
    fc.assert(
      fc.property(history, (list) => {
        const judgements = list.map((one, i) => ({ ...of(one.verdict, i * 7), tooLittle: one.tooLittle }));
        expect(["pass", "fail", "ask"]).toContain(next(judgements, 300).do);
      }),
    );
  });

  it("too little traffic counts to no limit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 28 }), (count) => {
        const judgements = Array.from({ length: count }, (_, i) => of("inconclusive", (i + 1) * 10, true));
        expect(["judge", "wait"]).toContain(next(judgements, count * 10 + 1).do);
      }),
    );
  });
});
