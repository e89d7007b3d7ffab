import { describe, expect, it } from "vitest";
import type { TrafficCounts } from "../../ports/traffic.ts";
import { bucketOf, emptyHistogram } from "../../telemetry/histogram.ts";
import { noOutcomes } from "../../telemetry/outcomes.ts";
import { type AnalysisRules, DEFAULT_RULES } from "../config.ts";
import { judge } from "./index.ts";
import { dice } from "./samples.ts";

const T0 = Date.parse("2026-03-01T10:00:00Z");

interface Side {
  version: string;
  perSecond: number;
  seconds?: number;
  /** times as slow, and as much processor time, by the second */
  cost?: (second: number) => number;
  /** share of the requests that fail, by the second */
  failing?: (second: number) => number;
  /** times as much processor time alone */
  cpu?: (second: number) => number;
}

function rows({ version, perSecond, seconds = 120, cost = () => 1, failing = () => 0, cpu = cost }: Side) {
  const random = dice(perSecond);
  return Array.from({ length: seconds / 2 }, (_, i): TrafficCounts => {
    const latency = emptyHistogram();
    const requests = perSecond * 2;
    for (let n = 0; n < requests; n++) latency[bucketOf(25 * (0.8 + random() * 0.4) * cost(i * 2))]! += 1;
    const status5xx = Math.round(requests * failing(i * 2));
    return {
      ...noOutcomes(),
      ...{ service: "a", environment: "b", version, requests, latency, status5xx, status2xx: requests - status5xx },
      bucketAt: new Date(T0 + i * 2_000).toISOString(),
      usage: {
        ...{ cpuMs: requests * (1.5 + random() * 0.2) * cpu(i * 2), memoryBytes: 5e7, instances: 1 },
        ...{ inFlight: 0.5, errorLines: status5xx },
      },
    };
  });
}

interface Case extends Partial<Side> {
  warmUpSeconds?: number;
  leftOut?: { baseline: number; candidate: number };
  rules?: Partial<AnalysisRules>;
  /** the running version's, in the same minutes */
  baselineCost?: (second: number) => number;
  /** by so many seconds the running version was counted before the new one */
  apartBy?: number;
}

function judged({ warmUpSeconds = 10, leftOut, rules = {}, baselineCost, apartBy = 0, ...side }: Case) {
  const { seconds = 120 } = side;
  const old = rows({ version: "1.0.0", perSecond: 20, seconds, ...(baselineCost && { cost: baselineCost }) });
  const earlier = (at: string) => new Date(Date.parse(at) - apartBy * 1_000).toISOString();
  return judge({
    ...{ baselineVersion: "1.0.0", candidateVersion: "1.1.0", minRequests: 200, dependents: [], failingPercent: 10 },
    ...{ from: new Date(T0).toISOString(), to: new Date(T0 + seconds * 1_000).toISOString() },
    baseline: old.map((row) => ({ ...row, bucketAt: earlier(row.bucketAt) })),
    candidate: rows({ version: "1.1.0", perSecond: 10, ...side }),
    rules: { ...DEFAULT_RULES.analysis, ...rules },
    leftOut: leftOut ?? { baseline: 0, candidate: 0 },
    ...(warmUpSeconds > 0 && { warmUntil: T0 + warmUpSeconds * 1_000 }),
  });
}
const until = (end: number, value: number) => (second: number) => (second < end ? value : 1);
const always = (value: number) => () => value;

describe("what a new version costs", () => {
  it.each([
    ["3 times slower for 8 s, then equal", { cost: until(8, 3) }, "pass"],
    ["3 times slower for 8 s, 40 s after it began", { cost: until(8, 3), seconds: 40 }, "pass"],
    // one part of the time is no proof, however slow it was
    ["5 times slower for 30 s, then equal", { cost: until(30, 5) }, "inconclusive"],
    ["equal, then 5 times slower for 20 s", { cost: (second: number) => (second >= 100 ? 5 : 1) }, "inconclusive"],
    ["30 % slower all the time", { cost: always(1.3) }, "fail"],
    ["50 % slower, and slower still at first", { cost: (second: number) => (second < 8 ? 3 : 1.5) }, "fail"],
    ["twice as slow, with few requests since it has warmed up", { cost: always(2), seconds: 20 }, "fail"],
    [
      "slow in the moments in which the running version was",
      { cost: until(60, 3), baselineCost: until(60, 3) },
      "pass",
    ],
    ["failing from the first request on, and no longer", { failing: until(8, 0.3) }, "fail"],
    ["failing while it is cold and slow", { failing: until(8, 0.3), cost: until(8, 3), seconds: 10 }, "fail"],
  ] as const)("%s", (_, side, verdict) => {
    const { result, tooLittle } = judged(side);
    expect([result.verdict, result.sentence]).toEqual([verdict, expect.any(String)]);
    if (verdict === "inconclusive") {
      expect(result.sentence).toContain("it does not show in each third of the time");
      expect(tooLittle).toBe(true);
    }
  });

  it("was compared from its first request on", () => {
    expect(judged({ cost: until(8, 3), seconds: 40, warmUpSeconds: 0 }).result.verdict).not.toBe("pass");
    expect(judged({ cost: until(8, 3), seconds: 40 }).result.sentence).toMatch(
      /; 100 requests of the first 10 s are not compared by latency$/,
    );
  });

  it("is not blamed on a version while the balancer stands still too often; failures are", () => {
    const leftOut = { baseline: 900, candidate: 400 };
    const slow = judged({ cost: always(3), leftOut });
    expect(slow).toMatchObject({ result: { verdict: "inconclusive" }, tooLittle: true, fewRequests: false });
    expect(slow.result.metrics.find(({ name }) => name === "latencyP95")?.sentence).toMatch(
      /perhaps worse, not sure yet: the balancer itself stood still too often to blame the version$/,
    );
    expect(judged({ cost: always(3), failing: always(0.2), leftOut }).result.verdict).toBe("fail");
    expect(judged({ cost: always(3), leftOut: { baseline: 90, candidate: 40 } }).result.verdict).toBe("fail");
  });

  it.each([
    ["of the same minutes", 0, 200, "fail"],
    ["of earlier minutes", 600, 200, "inconclusive"],
    ["of earlier minutes", 600, 40, "fail"],
  ] as const)(
    "beside figures %s (%i s) is blamed on the version by how much the balancer stood still",
    (_, apartBy, count, verdict) => {
      const leftOut = { baseline: 0, candidate: count };
      expect(judged({ cost: always(3), apartBy, leftOut }).result.verdict).toBe(verdict);
      expect(judged({ cost: always(3), failing: always(0.2), apartBy, leftOut }).result.verdict).toBe("fail");
    },
  );

  it.each([true, false])("is waited for while there is nothing of it yet, whatever is critical (%s)", (critical) => {
    const { metrics } = DEFAULT_RULES.analysis;
    const rules = { metrics: { ...metrics, latencyP95: { ...metrics.latencyP95, critical } } };
    const { result, ...more } = judged({ perSecond: 30, seconds: 10, rules });
    expect(result).toMatchObject({ verdict: "inconclusive", candidateRequests: 300 });
    expect(result.sentence).toMatch(/0 of the 200 requests by which latency is compared since 1\.1\.0 has warmed up/);
    expect(more).toEqual({ tooLittle: true, fewRequests: true });
  });

  it.each([
    ["at first", until(40, 4), "pass"],
    ["all the time", always(4), "high"],
  ] as const)("takes processor time that is higher %s", (_, cpu, classification) => {
    const { result } = judged({ perSecond: 20, cpu });
    expect(result.metrics.find(({ name }) => name === "cpuPerRequest")?.classification).toBe(classification);
  });
});
