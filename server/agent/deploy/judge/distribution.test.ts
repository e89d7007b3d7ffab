import { describe, expect, it } from "vitest";
import type { TrafficCounts } from "../../ports/traffic.ts";
import { bucketOf, emptyHistogram } from "../../telemetry/histogram.ts";
import { noOutcomes, OUTCOMES, type Outcome } from "../../telemetry/outcomes.ts";
import { type AnalysisRules, DEFAULT_RULES } from "../config.ts";
import { judge } from "./index.ts";

/** What moves between classes and fails nothing: upgrades that are lost, refusals that are gone, a caller's answers. */

const T0 = Date.parse("2026-03-01T10:00:00Z");
type Ends = Partial<Record<Outcome | "denied", number>>;

/** A minute of equal buckets of 2 s that end so. */
const minute = (version: string, ends: Ends): TrafficCounts[] =>
  Array.from({ length: 30 }, (_, i) => {
    const counts = { ...noOutcomes(), ...ends };
    const latency = emptyHistogram();
    latency[bucketOf(20)] = counts.status2xx + counts.status3xx + counts.status4xx + counts.status5xx;
    const leftAfter = emptyHistogram();
    leftAfter[bucketOf(60)] = counts.clientLeft; // nobody was let wait
    return {
      ...{ service: "a", environment: "b", version, bucketAt: new Date(T0 + i * 2_000).toISOString() },
      ...{ ...counts, latency, leftAfter, requests: OUTCOMES.reduce((sum, name) => sum + counts[name], 0) },
      usage: { cpuMs: null, memoryBytes: null, instances: 2, inFlight: null, errorLines: null },
    };
  });

const compare = (
  old: Ends,
  fresh: Ends,
  gateway?: { before: Ends; during: Ends },
  rules: Partial<AnalysisRules> = {},
) =>
  judge({
    ...{ baselineVersion: "1.0.0", candidateVersion: "1.1.0", minRequests: 200 },
    ...{ from: new Date(T0).toISOString(), to: new Date(T0 + 60_000).toISOString() },
    ...{ baseline: minute("1.0.0", old), candidate: minute("1.1.0", fresh) },
    rules: { ...DEFAULT_RULES.analysis, ...rules },
    ...{ leftOut: { baseline: 0, candidate: 0 }, failingPercent: 10 },
    dependents: gateway
      ? [
          {
            ...{ service: "gateway", wasHealthy: true, isHealthy: true, deployedToo: [] },
            ...{ before: minute("2", gateway.before), during: minute("2", gateway.during) },
          },
        ]
      : [],
  });

describe("upgrades", () => {
  it.each<[string, Ends, Ends, string, RegExp]>([
    ["answered with a page", { upgraded: 50, status2xx: 50 }, { status2xx: 20 }, "fail", /without an upgrade 100 %/],
    ["lost for a tenth", { upgraded: 100 }, { upgraded: 90, status2xx: 10 }, "fail", /without an upgrade 10 %/],
    ["refused", { upgraded: 100 }, { upgraded: 50, status4xx: 50 }, "fail", /requests with a 4xx 50 %/],
    ["as before", { upgraded: 50, status2xx: 50 }, { upgraded: 10, status2xx: 10 }, "pass", /is not worse/],
    ["of all requests", { upgraded: 100 }, { upgraded: 20 }, "pass", /is not worse than 1\.0\.0, 100 of 100/],
    [
      "of all, with some that leave",
      { upgraded: 99, clientLeft: 1 },
      { upgraded: 99, clientLeft: 1 },
      "pass",
      /not worse/,
    ],
    ["that are new", { status2xx: 100 }, { upgraded: 50, status2xx: 50 }, "pass", /differently: upgraded 50 %/],
  ])("%s", (_, old, fresh, verdict, sentence) => {
    const { result } = compare(old, fresh);
    expect([result.verdict, result.sentence]).toEqual([verdict, expect.stringMatching(sentence)]);
  });

  it("are no reason to go without the latency of a service that had one", () => {
    expect(compare({ status2xx: 100 }, { clientLeft: 100 }).result.verdict).not.toBe("pass");
  });
});

describe("refusals with 401 or 403", () => {
  const refusing: Ends = { status2xx: 70, status4xx: 30, denied: 30 };
  it("that are gone are a question to a person, whatever comes in their place", () => {
    for (const fresh of [
      { status2xx: 100, denied: 0 },
      { status2xx: 70, status3xx: 30, denied: 0 },
      { status2xx: 70, status4xx: 30, denied: 0 },
    ]) {
      const { result, tooLittle } = compare(refusing, fresh);
      expect([result.verdict, tooLittle]).toEqual(["inconclusive", false]);
      expect(result.sentence).toMatch(/refused with 401 or 403: 0 % \(0 of 3.000\) against 30 % \(900 of 3.000\)\. Is/);
    }
  });

  it("that were few of all requests are missed, too", () => {
    const few: Ends = { status2xx: 496, status4xx: 4, denied: 4 };
    const { result } = compare(few, { status2xx: 500, denied: 0 });
    expect([result.verdict, result.sentence]).toEqual([
      "inconclusive",
      expect.stringMatching(/refused with 401 or 403: 0 % .* against 0\.8 % \(120 of/),
    ]);
    expect(compare(few, { status2xx: 497, status4xx: 3, denied: 3 }).result.verdict).toBe("pass");
  });

  it("as before are none, nor are fewer 404s, nor what was not told apart", () => {
    expect(compare(refusing, { status2xx: 14, status4xx: 6, denied: 6 }).result.verdict).toBe("pass");
    expect(compare({ ...refusing, denied: 0 }, { status2xx: 100, denied: 0 }).result.verdict).toBe("pass");
    expect(compare({ status2xx: 70, status4xx: 30 }, { status2xx: 100, denied: 0 }).result.verdict).toBe("pass");
  });
});

describe("a service that depends on it", () => {
  const fine: Ends = { status2xx: 100 };
  it.each<[Ends, RegExp]>([
    [{ status2xx: 70, status4xx: 30 }, /gateway, which depends on it, has surely more requests with a 4xx: 30 %/],
    [{ status3xx: 100 }, /has surely more requests with a 3xx: 100 %/],
    [{ status2xx: 80, clientLeft: 20 }, /has surely more requests with no answer: 20 %/],
  ])("and answers otherwise since is a question: %j", (during, sentence) => {
    const { result } = compare(fine, fine, { before: fine, during });
    expect([result.verdict, result.sentence]).toEqual(["inconclusive", expect.stringMatching(sentence)]);
  });

  it("fails it by its failures alone, and is asked about nothing that was so before", () => {
    const some = { status2xx: 60, status3xx: 20, status4xx: 20 };
    expect(compare(fine, fine, { before: some, during: some }).result.verdict).toBe("pass");
    expect(compare(fine, fine, { before: some, during: fine }).result.verdict).toBe("pass");
    expect(compare(fine, fine, { before: fine, during: { status2xx: 95, status5xx: 5 } }).result.verdict).toBe("fail");
  });

  it("is judged by its failures where outcomes are not compared", () => {
    const { metrics } = DEFAULT_RULES.analysis;
    const rules = { metrics: { ...metrics, outcomes: { ...metrics.outcomes, enabled: false } } };
    expect(compare(fine, fine, { before: fine, during: { status4xx: 100 } }, rules).result.verdict).toBe("pass");
  });
});
