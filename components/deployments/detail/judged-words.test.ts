import { describe, expect, it } from "vitest";
import type { JudgeResult, MetricResult } from "#server/agent/deploy/judge/analysis-schema.ts";
import type { DeploymentView, StepView } from "#server/agent/deploy/schema.ts";
import { outcomeOf, scoreWords, sentenceFor, worstFirst } from "./judge-scales.ts";
import { baseOf, briefMetrics, briefOf, expectation, verdictOf } from "./judged-words.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ").replaceAll("\u202f", " ");
const side = (median: number | null) => ({ version: "v", samples: [], used: [], mean: median, median });
const metric = (name: string, more: Partial<MetricResult> = {}): MetricResult => ({
  ...{ name, label: "error ratio", unit: "ratio", group: "errors", critical: true, direction: "increase" },
  ...{ classification: "pass", sentence: "a sentence", baseline: side(null), candidate: side(null) },
  ...{ rank: null, count: null, effect: null },
  ...more,
});
const counted = {
  ...{ baselineEvents: 0, baselineTotal: 1_635, candidateEvents: 1, candidateTotal: 33 },
  ...{ pValue: 0.02, difference: 0.03, low: 0, high: 0.2 },
};
const result = (more: Partial<JudgeResult> = {}): JudgeResult => ({
  ...{ verdict: "inconclusive", score: 100, passScore: 95, marginalScore: 75, sampleSeconds: 4 },
  sentence: "2.5.0 has answered 33 of the 50 requests that a comparison needs",
  ...{ from: "2026-11-28T10:00:00.000Z", to: "2026-11-28T10:00:41.000Z" },
  ...{ baselineVersion: "2.4.0", candidateVersion: "2.5.0", baselineRequests: 1_635, candidateRequests: 33 },
  groups: [{ name: "errors", weight: 40, score: 25 }],
  metrics: [],
  ...more,
});

it("no mark is contradicted by the sentence beside it", () => {
  const slower = metric("latencyP50", {
    count: counted,
    sentence: "median latency +26 ms, not worse by more than is allowed",
  });
  expect(outcomeOf(slower, "inconclusive")).toBe("undecided");
  expect(sentenceFor(slower, "inconclusive")).toBe("median latency +26 ms, not surely more than is allowed so far");
  expect(sentenceFor(slower, "pass")).toBe(slower.sentence);
  const failing = metric("errorRatio", {
    count: counted,
    sentence: "error ratio +5.56 points, perhaps worse, not sure yet",
  });
  for (const verdict of ["inconclusive", "pass"] as const) expect(outcomeOf(failing, verdict)).toBe("perhaps");
  expect(sentenceFor(failing, "inconclusive")).toBe(failing.sentence);
});

describe("the comparison in short", () => {
  it.each(["pass", "fail", "inconclusive", "error"] as const)(
    "of a verdict %s is never surer than the judge",
    (verdict) => {
      const words = verdictOf(result({ verdict }));
      expect(words).not.toMatch(/sure/);
      expect(words.startsWith("2.5.0 is worse")).toBe(verdict === "fail");
    },
  );

  it("names its base", () => {
    expect(plain(baseOf(result(), true))).toBe("33 requests of 2.5.0 against 1 635 of 2.4.0 in the same 41 s");
    expect(plain(baseOf(result(), false))).toBe(
      "33 requests of 2.5.0 against 1 635 of 2.4.0 from before; 2.5.0 over 41 s",
    );
    expect(plain(briefOf(metric("errorRatio", { count: counted })))).toBe(
      "error ratio 0 % (0 of 1 635) → 3.03 % (1 of 33)",
    );
    const latency = { label: "p95 latency", unit: "ms", baseline: side(81.9), candidate: side(74.7) } as const;
    expect(plain(briefOf(metric("latencyP95", latency)))).toBe("p95 latency 81.9 ms → 74.7 ms in the median sample");
  });

  it("keeps to what users feel", () => {
    const names = ["latencyP99", "latencyP95", "outcomes", "errorRatio"];
    expect(briefMetrics(names.map((name) => metric(name))).map((one) => one.name)).toEqual([
      "errorRatio",
      "latencyP95",
    ]);
  });
});

describe("the measure that decided", () => {
  const gateway = { baselineEvents: 0, baselineTotal: 500, candidateEvents: 32, candidateTotal: 501 };
  const dependent = metric("dependent:gateway", {
    label: "errors of gateway, which depends on it",
    classification: "high",
    count: { ...counted, ...gateway },
  });
  const listed = (...metrics: MetricResult[]) => briefMetrics(metrics).map(({ name }) => name);

  it("stands in the list, also of a service that depends on this one", () => {
    expect(listed(metric("errorRatio", { count: counted }), dependent)).toEqual(["dependent:gateway", "errorRatio"]);
    expect(plain(briefOf(dependent))).toBe(
      "errors of gateway, which depends on it 0 % (0 of 500) → 6.39 % (32 of 501)",
    );
  });

  it("is not listed twice, and what did not get worse is not added", () => {
    expect(listed(metric("errorRatio", { classification: "high", count: counted }))).toEqual(["errorRatio"]);
    expect(listed(metric("errorRatio"), { ...dependent, classification: "pass" })).toEqual(["errorRatio"]);
  });
});

describe("how a metric came out", () => {
  it.each([
    ["unknown", metric("a", { classification: "nodata" }), "pass"],
    ["unknown", metric("of an earlier version's record, neither side measured"), "fail"],
    ["undecided", metric("a", { count: counted }), "inconclusive"],
    ["notWorse", metric("a", { count: counted }), "pass"],
    ["worse", metric("a", { classification: "high", count: counted }), "inconclusive"],
  ] as const)("is %s", (outcome, given, verdict) => expect(outcomeOf(given, verdict)).toBe(outcome));

  it("what is unknown stands last", () => {
    const known = metric("known", { count: counted, critical: false });
    expect(worstFirst([metric("unknown"), known]).map((one) => one.name)).toEqual(["known", "unknown"]);
  });
});

describe("the score", () => {
  const failed = metric("errorRatio", { classification: "high", count: counted });
  it("of nothing says why, where its groups have something", () => {
    expect(scoreWords(result({ verdict: "fail", score: 0, metrics: [failed] }))).toBe(
      "score 0 of 100, whatever the groups have: error ratio, which is critical, got worse",
    );
    expect(scoreWords(result({ verdict: "fail", score: 0 }))).toMatch(/too much of what is compared is missing$/);
  });
  it("is a bare number where it follows from its groups", () => {
    expect(scoreWords(result({ verdict: "pass", score: 98.6 }))).toBe("score 99 of 100");
    expect(scoreWords(result()), "100 points would read as an acquittal").toBe("no score before it is decided");
    const groups = [{ name: "errors", weight: 40, score: 0 }];
    expect(scoreWords(result({ verdict: "fail", score: 0, groups }))).toBe("score 0 of 100");
  });
});

describe("nothing was compared", () => {
  const deployment = (more: Partial<DeploymentView>) =>
    ({ version: "2.7.0", strategy: "rolling", previousVersion: "2.4.0", watchState: null, ...more }) as DeploymentView;
  const steps = (kind: StepView["kind"]) => [{ kind, index: 0 }] as StepView[];
  it("and never will be, once a deployment has ended", () => {
    expect(expectation(deployment({}), steps("roll"), false)).toBe(
      "A rolling deployment is compared afterwards, and this one did not get there.",
    );
    expect(expectation(deployment({ strategy: "canary" }), steps("analysis"), false)).toBe(
      "It ended before its first comparison.",
    );
    expect(expectation(deployment({ watchState: "superseded" }), steps("roll"), false)).toMatch(
      /^The watch over 2.7.0/,
    );
  });
  it("yet, while it may still be", () => {
    expect(expectation(deployment({}), steps("roll"), true)).toMatch(/is compared afterwards, while it is watched/);
    expect(expectation(deployment({}), steps("hold"), true)).toMatch(/once all requests go to it/);
  });
});
