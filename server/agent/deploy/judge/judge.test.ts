import { describe, expect, it } from "vitest";
import type { TrafficCounts, VersionUsage } from "../../ports/traffic.ts";
import { bucketOf, emptyHistogram } from "../../telemetry/histogram.ts";
import { noOutcomes, OUTCOMES, type Outcome } from "../../telemetry/outcomes.ts";
import { type AnalysisRules, DEFAULT_RULES } from "../config.ts";
import type { Dependent } from "./dependents.ts";
import { judge } from "./index.ts";
import { dice, sampleLengthMs, samplesOf, thin } from "./samples.ts";
import { sentenceOf } from "./sentences.ts";

const T0 = Date.parse("2026-03-01T10:00:00Z");
const SECONDS = 120;

interface Shape {
  perBucket: number;
  /** every so many requests one fails; 0: none */
  failEvery?: number;
  ms?: number;
  /** shares of the requests that end in each class; the rest is 2xx */
  ends?: Partial<Record<Outcome, number>>;
  /** how long those who leave had waited */
  leftAfterMs?: number;
  /** every so many requests one takes twice as long; 0: none */
  slowEvery?: number;
  /** the slow ones come in every sixth four seconds only */
  bursts?: boolean;
  usage?: Partial<VersionUsage>;
  seconds?: number;
}

function rows(
  version: string,
  {
    perBucket,
    failEvery = 0,
    ms = 25,
    slowEvery = 0,
    bursts = false,
    usage = {},
    seconds = SECONDS,
    ends = {},
    leftAfterMs = 2_000,
  }: Shape,
): TrafficCounts[] {
  const random = dice(perBucket * 31 + ms);
  let asked = 0;
  return Array.from({ length: seconds / 2 }, (_, i) => {
    const latency = emptyHistogram();
    let failed = 0;
    const calm = bursts && Math.floor(i / 2) % 6 !== 0;
    for (let n = 0; n < perBucket; n++) {
      asked++;
      if (failEvery > 0 && asked % failEvery === 0) failed++;
      const slow = !calm && slowEvery > 0 && asked % slowEvery === 0 ? 2.2 : 1;
      latency[bucketOf(ms * slow * (0.8 + random() * 0.4))]! += 1;
    }
    const counted = classes(perBucket, i, ends, leftAfterMs);
    return {
      ...noOutcomes(),
      ...{ service: "a", environment: "b", version, requests: perBucket, latency },
      bucketAt: new Date(T0 + i * 2_000).toISOString(),
      ...counted,
      ...{ status2xx: counted.status2xx - failed, status5xx: counted.status5xx + failed },
      usage: {
        ...{ cpuMs: perBucket * (1.5 + random() * 0.2), memoryBytes: 5e7 * (1 + random() / 50), instances: 1 },
        ...{ inFlight: 0.5 + random() / 10, errorLines: failed, ...usage },
      },
    };
  });
}

/** Each class's share of all requests until then, spread evenly. */
function classes(perBucket: number, index: number, ends: NonNullable<Shape["ends"]>, leftAfterMs: number) {
  const counts = noOutcomes();
  for (const [name, share] of Object.entries(ends) as [Outcome, number][])
    counts[name] = Math.round((index + 1) * perBucket * share) - Math.round(index * perBucket * share);
  counts.status2xx = perBucket - OUTCOMES.reduce((sum, name) => sum + counts[name], 0);
  const leftAfter = emptyHistogram();
  leftAfter[bucketOf(leftAfterMs)] = counts.clientLeft;
  const { requests: _, latency: __, ...rest } = counts;
  return { ...rest, leftAfter };
}

interface Case {
  old?: Shape;
  fresh?: Shape;
  minRequests?: number;
  dependents?: Dependent[];
  rules?: Partial<AnalysisRules>;
  leftOut?: { baseline: number; candidate: number };
}
const NOTHING = { baseline: 0, candidate: 0 };
const compare = ({ old, fresh, minRequests = 200, dependents = [], rules = {}, leftOut = NOTHING }: Case) =>
  judge({
    ...{ baselineVersion: "1.0.0", candidateVersion: "1.1.0", minRequests, dependents },
    ...{ from: new Date(T0).toISOString(), to: new Date(T0 + SECONDS * 1_000).toISOString() },
    baseline: rows("1.0.0", { perBucket: 40, ...old }),
    candidate: rows("1.1.0", { perBucket: 20, ...fresh }),
    rules: { ...DEFAULT_RULES.analysis, ...rules },
    ...{ leftOut, failingPercent: 10 },
  });
const metric = ({ result }: ReturnType<typeof compare>, name: string) =>
  result.metrics.find((one) => one.name === name);

describe("the judge", () => {
  it("passes a version that is like the old one", () => {
    const { result, tooLittle } = compare({});
    expect(result).toMatchObject({ verdict: "pass", score: 100, candidateRequests: 1_200, baselineRequests: 2_400 });
    expect(tooLittle).toBe(false);
    expect(result.metrics.map((one) => one.classification)).not.toContain("nodata");
    expect(result.sentence).toBe("1.1.0 is not worse than 1.0.0, 100 of 100 points");
  });

  it("fails one that answers one request in twenty with an error, by counting them", () => {
    const judged = compare({ fresh: { perBucket: 20, failEvery: 20 } });
    expect(judged.result).toMatchObject({ verdict: "fail", score: 0 });
    expect(metric(judged, "errorRatio")).toMatchObject({
      classification: "high",
      count: { candidateEvents: 60, candidateTotal: 1_200, baselineEvents: 0, baselineTotal: 2_400 },
    });
    expect(judged.result.sentence).toMatch(
      /^1\.1\.0 is worse: error ratio 5 % \(60 of 1\u00a0200\) against 0 % \(0 of 2\u00a0400\)/,
    );
  });

  it("fails one of which a fifth of the requests take twice as long, although its median is the same", () => {
    const judged = compare({ fresh: { perBucket: 20, slowEvery: 5 } });
    expect(judged.result.verdict).toBe("fail");
    expect(metric(judged, "latencyP95")?.classification).toBe("high");
    expect(metric(judged, "latencyP50")?.classification).toBe("pass");
  });

  it("fails one that is slower altogether, by ranks", () => {
    const judged = compare({ fresh: { perBucket: 20, ms: 45 } });
    const { rank, classification } = metric(judged, "latencyP50") ?? {};
    expect(classification).toBe("high");
    expect(rank!.low).toBeGreaterThan(rank!.tolerance);
    expect(rank!.estimate).toBeGreaterThan(15);
  });

  it("does not mind one that is faster, nor a difference that is sure and small", () => {
    expect(compare({ fresh: { perBucket: 20, ms: 12 } }).result.verdict).toBe("pass");
    expect(compare({ fresh: { perBucket: 20, ms: 27 } }).result.verdict).toBe("pass");
  });

  it("is undecided when only what is not critical got worse", () => {
    const judged = compare({ fresh: { perBucket: 20, usage: { memoryBytes: 1.5e8, cpuMs: 200 } } });
    expect(metric(judged, "memoryPerInstance")?.classification).toBe("high");
    expect(judged.result).toMatchObject({ verdict: "inconclusive", score: expect.closeTo(86.67, 1) });
    expect(judged.tooLittle).toBe(false);
  });

  it("fails below the marginal score", () => {
    const fresh = { perBucket: 20, usage: { memoryBytes: 1.5e8, cpuMs: 200 } };
    expect(compare({ fresh, rules: { marginalScore: 90 } }).result.verdict).toBe("fail");
  });
});

describe("how requests end", () => {
  const against = (old: Shape["ends"], fresh: Shape["ends"], more: Partial<Shape> = {}) =>
    compare({
      old: { perBucket: 40, ...(old && { ends: old }) },
      fresh: { perBucket: 20, ...more, ...(fresh && { ends: fresh }) },
    });

  it.each([
    ["404 for a third", {}, { status4xx: 1 / 3 }, /requests with a 4xx 33\.\d %/],
    ["307 for all", {}, { status3xx: 1 }, /requests with a 3xx 100 % \(1\u00a0200 of 1\u00a0200\) against 0 %/],
    ["302 for one in twenty", {}, { status3xx: 0.05 }, /requests with a 3xx /],
    ["404 behind what was a redirect", { status3xx: 0.5 }, { status4xx: 0.5 }, /requests with a 4xx /],
    ["404 for all where most already were", { status4xx: 0.85 }, { status4xx: 1 }, /requests with a 4xx 100 %/],
    ["more redirects than before", { status3xx: 0.1 }, { status3xx: 0.3 }, /requests with a 3xx /],
    ["no answer to every fourth, until the client leaves", {}, { clientLeft: 0.25 }, /error ratio 25 %/],
    [
      "clients that leave no later than they used to",
      { clientLeft: 0.01 },
      { clientLeft: 0.25 },
      /error ratio|requests with no answer/,
    ],
    ["refused", {}, { refused: 0.05 }, /error ratio 5 %/],
    ["timed out", {}, { timedOut: 0.05 }, /error ratio 5 %/],
    ["broken off", {}, { brokenOff: 0.05 }, /error ratio 5 %/],
    ["answers where the protocol was changed before", { upgraded: 1 }, { status4xx: 1 }, /requests with a 4xx 100 %/],
  ] as const)("fails %s", (_, old, fresh, because) => {
    const { result } = against(old, fresh);
    expect(result).toMatchObject({ verdict: "fail", score: 0 });
    expect(result.sentence).toMatch(because);
  });

  it.each([
    ["three 500s of sixty", {}, { status5xx: 0.05 }, "requests with a 5xx", /4xx|3xx|no answer/],
    ["404s", {}, { status4xx: 0.05 }, "requests with a 4xx", /5xx|3xx|no answer/],
    ["refused ones", {}, { refused: 0.05 }, "requests with no answer", /4xx|3xx|5xx/],
    ["broken ones", {}, { brokenOff: 0.05 }, "requests with an answer that broke off", /4xx|3xx|5xx|no answer/],
    [
      "several",
      {},
      { status4xx: 0.05, status5xx: 0.05, timedOut: 0.05 },
      "requests with a 4xx, a 5xx or no answer",
      /3xx/,
    ],
    ["what the baseline had", { status4xx: 0.01 }, { status5xx: 0.1 }, "requests with a 4xx or a 5xx", /3xx|no answer/],
  ] as const)("names of the classes those that were seen: %s", (_, old, fresh, label, never) => {
    const judged = against(old, fresh);
    expect(metric(judged, "outcomes")).toMatchObject({ classification: "high", label });
    expect(judged.result.sentence).not.toMatch(never);
  });

  it("fails clients that give up sooner than a second, when so many did not before", () => {
    const { result } = against({}, { clientLeft: 0.25 }, { leftAfterMs: 400 });
    expect(result).toMatchObject({
      verdict: "fail",
      sentence: expect.stringMatching(/error ratio 25 % .* also p95 latency, requests with no answer, p99 latency$/),
    });
  });

  it.each([
    [
      "404s that are gone",
      { status4xx: 0.3 },
      {},
      /answers differently: 2xx 100 % .* 4xx 0 % \(0 of 1\u00a0200\) against 30 %/,
    ],
    ["errors that are gone", { status5xx: 0.3 }, {}, /failed 0 % \(0 of 1\u00a0200\) against 30 %/],
    ["400 where it failed before", { status5xx: 0.1 }, { status4xx: 0.1 }, /4xx 10 % .*failed 0 %/],
    [
      "200 where it redirected before",
      { status3xx: 1 },
      {},
      /2xx 100 % \(1\u00a0200 of 1\u00a0200\) against 0 % .*3xx 0 %/,
    ],
  ] as const)("passes %s, and tells it", (_, old, fresh, told) => {
    const { result } = against(old, fresh);
    expect(result.verdict).toBe("pass");
    expect(result.sentence).toMatch(told);
  });

  it.each([
    ["all redirected by both", { status3xx: 1 }],
    ["a mix of everything", { status3xx: 0.2, status4xx: 0.1, clientLeft: 0.05, upgraded: 0.1, refused: 0.01 }],
  ] as const)("passes what is as it was, without a word: %s", (_, ends) => {
    expect(against(ends, ends).result).toMatchObject({
      ...{ verdict: "pass", sentence: "1.1.0 is not worse than 1.0.0, 100 of 100 points" },
    });
  });

  it("waits for more requests when a class may have become more frequent", () => {
    const { result, tooLittle } = against({ status4xx: 0.02 }, { status4xx: 0.031 });
    expect(result).toMatchObject({ verdict: "inconclusive", sentence: expect.stringContaining("perhaps worse") });
    expect(tooLittle).toBe(true);
  });
});

it("memory alone decides nothing", () => {
  const { metrics } = DEFAULT_RULES.analysis;
  const off = Object.fromEntries(
    Object.entries(metrics).map(([name, rule]) => [name, { ...rule, enabled: name === "memoryPerInstance" }]),
  ) as AnalysisRules["metrics"];
  const { result } = compare({ fresh: { perBucket: 20, usage: { memoryBytes: 2e7 } }, rules: { metrics: off } });
  expect(result).toMatchObject({
    ...{ verdict: "inconclusive", sentence: expect.stringContaining("neither errors nor latency were compared") },
  });
});

describe("too little", () => {
  it.each([
    ["requests of the new version", { fresh: { perBucket: 1 } }, /^1\.1\.0 has answered 60 of the 200 requests/],
    ["requests of the old version", { old: { perBucket: 1 } }, /^1\.0\.0 has answered 60 of the 200 requests/],
    ["of everything", { old: { perBucket: 0 }, fresh: { perBucket: 0 } }, /has answered 0 of the 200 requests/],
  ])("%s is never a pass", (_, given, sentence) => {
    const { result, tooLittle } = compare(given);
    expect(result.verdict).toBe("inconclusive");
    expect(result.sentence).toMatch(sentence);
    expect(tooLittle).toBe(true);
  });

  it("does not wait for more when the failure is beyond doubt", () => {
    const { result } = compare({ fresh: { perBucket: 1, failEvery: 5 } });
    expect(result).toMatchObject({ verdict: "fail", candidateRequests: 60 });
  });

  it("waits for more when something might be wrong", () => {
    const { result, tooLittle } = compare({ fresh: { perBucket: 5, failEvery: 150 }, minRequests: 100 });
    expect(result).toMatchObject({
      verdict: "inconclusive",
      sentence: expect.stringContaining("perhaps worse, not sure yet"),
    });
    expect(tooLittle).toBe(true);
  });

  const onlyOf = (names: string[]) =>
    Object.fromEntries(
      Object.entries(DEFAULT_RULES.analysis.metrics).map(([name, rule]) => [
        name,
        { ...rule, critical: false, enabled: names.includes(name) },
      ]),
    ) as AnalysisRules["metrics"];

  it("known of most metrics is no score at all", () => {
    const metrics = onlyOf(["errorRatio", "memoryPerInstance", "logErrorRate"]);
    const usage = { memoryBytes: null, errorLines: null };
    const { result } = compare({ fresh: { perBucket: 20, usage }, rules: { metrics } });
    expect(result).toMatchObject({
      verdict: "fail",
      score: 0,
      sentence: expect.stringContaining("most of what is compared is missing"),
    });
  });

  it.each([
    ["no metric is on", []],
    ["all that is on is not measured", ["memoryPerInstance", "logErrorRate"]],
  ])("to compare is no pass and no failure: %s", (_, names) => {
    const usage = { memoryBytes: null, errorLines: null };
    const { result, tooLittle } = compare({
      ...{ old: { perBucket: 40, usage }, fresh: { perBucket: 20, usage }, rules: { metrics: onlyOf(names) } },
    });
    expect(result).toMatchObject({
      ...{ verdict: "inconclusive", score: null, sentence: expect.stringContaining("there is nothing to compare") },
    });
    expect(tooLittle).toBe(true);
  });
});

describe("what cannot be compared", () => {
  it("is cost per request at a very different load per instance", () => {
    const judged = compare({ old: { perBucket: 100 }, fresh: { perBucket: 5 } });
    expect(metric(judged, "cpuPerRequest")?.classification).toBe("nodata");
    expect(judged.result.verdict).toBe("pass");
  });

  it("is usage that the platform does not measure, and the rest decides", () => {
    const usage = { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null };
    const judged = compare({ old: { perBucket: 40, usage }, fresh: { perBucket: 20, usage } });
    for (const name of ["logErrorRate", "saturation", "cpuPerRequest", "memoryPerInstance"])
      expect(metric(judged, name)?.classification).toBe("nodata");
    expect(metric(judged, "saturation")?.sentence).toContain("it is not known how many requests an instance");
    expect(judged.result).toMatchObject({ verdict: "pass", score: 100 });
    expect(judged.result.groups.find((group) => group.name === "resources")?.score).toBeNull();
    const bad = compare({ old: { perBucket: 40, usage }, fresh: { perBucket: 20, usage, failEvery: 20 } });
    expect(bad.result.verdict).toBe("fail");
  });
});

it("slow requests that come evenly instead of in bursts do not make a version slower", () => {
  // a sixth of the requests on both sides, but in every sample of one and in every sixth of the other
  const judged = compare({
    old: { perBucket: 20, slowEvery: 1, bursts: true },
    fresh: { perBucket: 20, slowEvery: 6 },
  });
  const { classification, rank, effect, sentence } = metric(judged, "latencyP95") ?? {};
  expect(rank!.low).toBeGreaterThan(rank!.tolerance);
  expect(effect!.value).toBeGreaterThan(effect!.allowed);
  expect(classification).toBe("pass");
  expect(sentence).toMatch(/not worse by more than is allowed: over all requests [+−]\d/);
  expect(judged.result.verdict).toBe("pass");
});

it("a slower tail that was counted is told by its counts, not by an interval of the ranks that holds zero", () => {
  const judged = compare({ fresh: { perBucket: 4, slowEvery: 2, bursts: true } });
  const { classification, rank, sentence } = metric(judged, "latencyP95") ?? {};
  expect([classification, rank!.low < 0, rank!.high > 0]).toEqual(["high", true, true]);
  expect(sentence).toBe(
    "p95 latency 43.6 ms against 31.8 ms: 8.33 % (20 of 240) of its requests are slower than allowed, of the running version's 0 % (0 of 2\u00a0400), surely worse",
  );
});

describe("the sentence of ranks", () => {
  const side = (median: number) => ({ version: "v", samples: [], used: [], mean: median, median });
  const said = (old: number, fresh: number, [low, estimate, high]: [number, number, number]) => {
    const rank = { u: 1, pValue: 0.5, confidence: 0.98, tolerance: 0, low, estimate, high };
    const unsaid: Parameters<typeof sentenceOf>[0] = {
      ...{ name: "latencyP95", label: "p95 latency", unit: "ms", group: "latency", critical: true },
      ...{ direction: "increase", classification: low > 0 ? "high" : "pass", rank, count: null, effect: null },
      ...{ baseline: side(old), candidate: side(fresh) },
    };
    return sentenceOf(unsaid, "none");
  };
  it.each([
    [81.9, 74.7, [-101, 0, 40.7], "p95 latency 74.7 ms against 81.9 ms: −7.2 ms (−8.79 %) [−101 ms … +40.7 ms]"],
    [41, 43, [-3.57, 3.92, 12.9], "p95 latency 43 ms against 41 ms: +2 ms (+4.88 %) [−3.57 ms … +12.9 ms]"],
    [50, 50, [-4, 0, 4], "p95 latency 50 ms against 50 ms: 0 ms [−4 ms … +4 ms]"],
    [
      ...[50, 48, [1, 3, 6]],
      "p95 latency 48 ms against 50 ms in the median sample; sample by sample +3 ms [+1 ms … +6 ms]",
    ],
  ] as [number, number, [number, number, number], string][])(
    "of %d and %d never contradicts them",
    (old, fresh, interval, words) =>
      expect(said(old, fresh, interval)).toBe(
        `${words}, ${interval[0] > 0 ? "surely worse" : "not worse by more than is allowed"}`,
      ),
  );
});

it("an effect from which a metric is critical makes it fail the whole", () => {
  const { metrics } = DEFAULT_RULES.analysis;
  const memoryPerInstance = { ...metrics.memoryPerInstance, criticalIncrease: 2 };
  const judged = (memoryBytes: number) =>
    compare({
      fresh: { perBucket: 20, usage: { memoryBytes } },
      rules: { metrics: { ...metrics, memoryPerInstance } },
    }).result;
  expect(judged(8e7).verdict).toBe("inconclusive");
  expect(judged(1.5e8).verdict).toBe("fail");
});

describe("services that depend on it", () => {
  const dependent = (more: Partial<Dependent>): Dependent => ({
    ...{ service: "gateway", before: rows("g", { perBucket: 20 }), during: rows("g", { perBucket: 20 }) },
    ...{ wasHealthy: true, isHealthy: true, deployedToo: [], ...more },
  });
  it.each([
    ["as they were", {}, "pass"],
    ["down since", { isHealthy: false }, "fail"],
    ["down before already", { wasHealthy: false, isHealthy: false }, "pass"],
    ["with more errors of their own", { during: rows("g", { perBucket: 20, failEvery: 10 }) }, "fail"],
    ["of which nothing is known", { before: [], during: [], wasHealthy: null, isHealthy: null }, "pass"],
  ])("%s", (_, more, verdict) => {
    expect(compare({ dependents: [dependent(more)] }).result.verdict).toBe(verdict);
  });

  it("are unknown where they were not counted, whatever their checks say, and hold nothing up", () => {
    const quiet = dependent({ before: [], during: [] });
    const { result } = compare({ dependents: [quiet] });
    expect(result.verdict).toBe("pass");
    const { classification, critical, sentence } = result.metrics.find((one) => one.name === "dependent:gateway")!;
    expect([classification, critical]).toEqual(["nodata", false]);
    expect(sentence).toBe(
      "errors of gateway, which depends on it, are unknown: no request of its own was counted, though its check finds it healthy",
    );
  });

  it.each([
    ["down since", { isHealthy: false }],
    ["with more errors of their own", { during: rows("g", { perBucket: 20, failEvery: 10 }) }],
  ])("%s blame no version alone when something else was deployed in the same time", (_, more) => {
    const { result, tooLittle } = compare({
      dependents: [dependent({ ...more, deployedToo: ["checkout", "gateway"] })],
    });
    expect([result.verdict, tooLittle]).toEqual(["inconclusive", false]);
    expect(result.sentence).toContain("checkout, gateway were deployed in the same time, which may be why as well");
  });

  it.each([
    ["down since", { isHealthy: false }],
    ["with more errors of their own", { during: rows("g", { perBucket: 20, failEvery: 10 }) }],
  ])("%s blame no version while the balancer itself stood still too often", (_, more) => {
    const { result, tooLittle } = compare({
      dependents: [dependent(more)],
      leftOut: { baseline: 0, candidate: 100_000 },
    });
    expect([result.verdict, tooLittle]).toEqual(["inconclusive", true]);
    expect(result.sentence).toContain("the balancer itself stood still too often to blame the version");
  });

  it("that fail beside a version that fails itself excuse nothing", () => {
    const failing = dependent({ during: rows("g", { perBucket: 20, failEvery: 2 }), deployedToo: ["checkout"] });
    const { result } = compare({ fresh: { perBucket: 20, failEvery: 3 }, dependents: [failing] });
    expect(result.verdict).toBe("fail");
  });

  it("are named beside what is worse still without a comma of their sentence", () => {
    const failing = dependent({ during: rows("g", { perBucket: 20, failEvery: 2 }) });
    const second = { ...failing, service: "portal" };
    const { result } = compare({ dependents: [failing, second] });
    expect(result.sentence).toMatch(
      /errors of gateway, which depends on it, 50 % .*; also errors of portal, which depends on it$/,
    );
    for (const { label } of result.metrics) expect(label).not.toMatch(/,$/);
  });

  it("do not make data missing, however many have no users of their own", () => {
    const idle = dependent({ before: [], during: [], wasHealthy: null, isHealthy: null });
    const { result } = compare({ dependents: Array.from({ length: 20 }, () => idle) });
    expect(result).toMatchObject({ verdict: "pass", score: 100 });
  });
});

it("a result with every number is small enough to keep", () => {
  const { result } = compare({ old: { perBucket: 400, seconds: 900 }, fresh: { perBucket: 200 } });
  expect(result.baselineRequests).toBe(450 * 400);
  expect(JSON.stringify(result).length).toBeLessThan(100_000);
  for (const { baseline, candidate } of result.metrics)
    for (const side of [baseline, candidate]) expect(side.samples.length).toBeLessThanOrEqual(60);
});

it("the same data is judged the same way", () => {
  const given = { fresh: { perBucket: 7, slowEvery: 9 } };
  expect(compare(given)).toEqual(compare(given));
});

describe("samples", () => {
  it.each([
    [50, 60_000, 6_000],
    [500, 120_000, 6_000],
    [100_000, 120_000, 2_000],
    [3, 10_000, 2_000],
    [100_000, 600_000, 10_000],
  ])("of %i requests in %i ms are %i ms long", (requests, span, length) => {
    expect(sampleLengthMs(requests, span, 2_000)).toBe(length);
  });

  it("hold all that was counted", () => {
    const given = rows("1", { perBucket: 7, failEvery: 10 });
    const samples = samplesOf(given, T0, 7_000, 1_000);
    expect(samples.reduce((sum, one) => sum + one.requests, 0)).toBe(420);
    expect(samples.reduce((sum, one) => sum + one.errors, 0)).toBe(42);
  });

  it("are thinned to the number that is wanted, each bucket at most to what it held", () => {
    const histogram = [5, 0, 90, 5];
    const drawn = thin(histogram, 30, dice(1));
    expect(drawn.reduce((sum, one) => sum + one, 0)).toBe(30);
    expect(drawn.every((one, i) => one <= (histogram[i] ?? 0))).toBe(true);
    expect(thin(histogram, 30, dice(1))).toEqual(drawn);
    expect(thin(histogram, 200, dice(1))).toEqual(histogram);
  });
});
