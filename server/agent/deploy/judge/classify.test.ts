import { describe, expect, it } from "vitest";
import { DEFAULT_RULES, type MetricRule } from "../config.ts";
import { classifyRanks, effectOf, isCritical, rankOf, usable, withoutOutliers } from "./classify.ts";
import { CLASSIFIED, TIED } from "./kayenta-vectors.ts";
import { mannWhitney } from "./rank-test.ts";

const plain: MetricRule = {
  ...DEFAULT_RULES.analysis.metrics.memoryPerInstance,
  ...{ allowedIncrease: 1, allowedDecrease: 1, leastIncrease: 0 },
};
const judged = (candidate: readonly number[], baseline: readonly number[], rule: MetricRule) => {
  const rank = rankOf(candidate, baseline, { ...DEFAULT_RULES.analysis, confidence: 0.95, tolerance: 0.1 });
  const effect = effectOf(candidate, baseline, rank, rule);
  const classification = classifyRanks(rank, effect, rule);
  return { classification, effect, critical: isCritical(classification, effect, rule) };
};
const around = (middle: number) => Array.from({ length: 12 }, (_, i) => middle + (i - 5.5) / 10);

describe("Kayenta's own tests", () => {
  it("give the interval and the estimate that R gave them", () => {
    const test = mannWhitney(TIED.experiment, TIED.control, { confidence: TIED.confidence });
    for (const name of ["low", "high", "estimate"] as const)
      expect(Math.abs(test[name] - TIED[name]), name).toBeLessThan(1e-6);
  });

  it.each(CLASSIFIED)("%s", (_, candidate, baseline, direction, classification) => {
    expect(judged(candidate, baseline, { ...plain, direction }).classification).toBe(classification);
  });
});

describe("the size of a difference", () => {
  it.each([
    ["a ratio within its limit", { allowedIncrease: 1.2 }, 11.5, "pass", 1.2],
    ["a ratio beyond its limit", { allowedIncrease: 1.2 }, 12.5, "high", 1.2],
    ["pairs, with the limit left to ratios", { effect: "cles", allowedIncrease: 1.2 }, 12.5, "high", 0.5],
    ["pairs beyond their limit", { effect: "cles", allowedIncrease: 0.8 }, 12.5, "high", 0.8],
    ["pairs within their limit", { effect: "cles", allowedIncrease: 0.95 }, 10.6, "pass", 0.95],
    ["fewer pairs", { effect: "cles", direction: "decrease" }, 7.5, "low", 0.5],
    ["a ratio that sank too far", { direction: "decrease", allowedDecrease: 0.8 }, 7.5, "low", 0.8],
    ["a ratio that did not", { direction: "decrease", allowedDecrease: 0.8 }, 9, "pass", 0.8],
  ] as const)("%s", (_, rule, middle, classification, allowed) => {
    const result = judged(around(middle), around(10), { ...plain, ...rule });
    expect(result.classification).toBe(classification);
    expect(result.effect.allowed).toBe(allowed);
  });

  it.each([
    ["as the rule says, without a limit", { critical: true }, 13, true],
    ["as the rule says, without a limit either", { critical: false }, 13, false],
    ["not below the limit", { critical: true, criticalIncrease: 1.5 }, 13, false],
    ["from the limit on", { critical: false, criticalIncrease: 1.5 }, 16, true],
    ["never by a limit that no share of pairs reaches", { effect: "cles", criticalIncrease: 1.5 }, 16, false],
  ] as const)("is critical %s", (_, rule, middle, critical) => {
    const result = judged(around(middle), around(10), { ...plain, ...rule });
    expect(result).toMatchObject({ classification: "high", critical });
  });
});

describe("values that can be used", () => {
  it.each([
    ["gaps left out", [1, null, 3], "remove", [1, 3]],
    ["gaps as zeros", [1, null, 3], "zero", [1, 0, 3]],
    ["nothing measured, which is not zero", [null, null], "zero", []],
    ["no samples", [], "zero", []],
  ] as const)("%s", (_, values, missingData, used) => {
    expect(usable(values, { ...plain, missingData })).toEqual(used);
  });

  const many = Array.from({ length: 200 }, (_, i) => i % 10);
  it.each([
    ["all of few, whatever they are", [1, 2, 3, 4, 5, 100], [1, 2, 3, 4, 5, 100]],
    ["nothing of nothing", [], []],
    ["none of three", [1, 2, 100], [1, 2, 100]],
    ["of many without the one that is far out", [...many, 1_000], many],
    ["all of mostly equal ones", [...new Array<number>(58).fill(0), 3, 4], [...new Array<number>(58).fill(0), 3, 4]],
  ])("are %s", (_, values, kept) => expect(withoutOutliers(values, 3)).toEqual(kept));

  it("lose at most one in a hundred at either end, although the quartiles are equal", () => {
    const values = [...new Array<number>(900).fill(5), ...Array.from({ length: 100 }, (_, i) => i * 10)];
    expect(withoutOutliers(values, 3).length).toBeGreaterThanOrEqual(980);
  });

  it("keep their outliers unless a rule asks", () => {
    const values = [...many, 1_000];
    expect(usable(values, DEFAULT_RULES.analysis.metrics.latencyP95)).toEqual(values);
    expect(usable(values, { ...plain, outlierFactor: 3 })).toEqual(many);
  });
});
