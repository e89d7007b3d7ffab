import { beforeEach, describe, expect, it } from "vitest";
import { type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import { bucketOf, emptyHistogram } from "../../telemetry/histogram.ts";
import { NO_VERSION, noOutcomes } from "../../telemetry/outcomes.ts";
import { storeTraffic } from "../../traffic/index.ts";
import { DEFAULT_RULES } from "../config.ts";
import { dice } from "../judge/samples.ts";
import { patchDeployment } from "../record/store.ts";
import type { Measured } from "../record/store-reads.ts";
import { deployApplication } from "../request/deploy-application.ts";
import { goodVersions, goodVersionsOf } from "../request/good-versions.ts";
import { seriesWithOpenStep } from "../run/open-step.ts";
import { CompareVersionsInput, DeploymentFacetsInput, type DeploymentStatus, DoraInput } from "../schema.ts";
import { compareCounts, summarise } from "./compare-rule.ts";
import { compareVersions } from "./compare-versions.ts";
import { doraMetrics } from "./dora-metrics.ts";
import { doraRow } from "./dora-rule.ts";
import { deploymentDetail } from "./get-detail.ts";
import { deploymentSeries } from "./get-series.ts";
import { deploymentFacets } from "./list-facets.ts";

const database = useDatabase();
const ref = { service: "checkout", environment: "production" };
const T0 = Date.parse("2026-03-01T10:00:00Z");
const MINUTE = 60_000;
let ctx: TestContext;
let nowMs: number;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.trafficBucket.deleteMany();
  nowMs = T0;
  ctx = testContext(database, { now: () => new Date(nowMs) });
});

/** A deployment that has ended so, a minute after it began. */
async function ended(version: string, status: DeploymentStatus, more: object = {}): Promise<string> {
  const { deployment } = await deployApplication(ctx, { ...ref, version });
  const id = deployment!.id;
  const times = { startedAt: new Date(nowMs), finishedAt: new Date(nowMs + MINUTE) };
  await database.db.$transaction((tx) => patchDeployment(tx, id, { status, ...times }));
  await database.db.deployment.update({ where: { id }, data: more });
  if (status === "succeeded")
    for (const one of ctx.platform.services.get("checkout/production")!.instances) one.version = version;
  nowMs += 10 * MINUTE;
  return id;
}

describe("versions to go back to", () => {
  const at = (n: number) => new Date(T0 + n);
  const proven = (version: string, good: boolean, n = 0) => ({
    id: `dep_${version}`,
    version,
    good,
    finishedAt: at(n),
  });
  const known = { configured: ["1", "2", "3", "4"], initial: "1", current: "4" };

  it.each([
    [
      "newest first, without the one that runs",
      [proven("4", true), proven("3", true), proven("2", true)],
      ["3", "2", "1"],
    ],
    ["none that went wrong", [proven("4", true), proven("3", false), proven("2", true)], ["2", "1"]],
    ["what became of it last is what counts", [proven("3", false), proven("2", true), proven("3", true)], ["2", "1"]],
    ["none that is no longer configured", [proven("9", true), proven("2", true)], ["2", "1"]],
    ["not even the first one when it failed later", [proven("1", false), proven("2", true)], ["2"]],
    ["the first one when nothing was ever deployed", [], ["1"]],
  ])("%s", (_, list, versions) => {
    const good = goodVersionsOf(list, known);
    expect(good.map((one) => one.version)).toEqual(versions);
    expect(good.map((one) => one.lastKnownGood)).toEqual(versions.map((_v, i) => i === 0));
  });

  it("are at most ten", () => {
    const versions = Array.from({ length: 15 }, (_, i) => `v${i}`);
    const list = versions.map((version) => proven(version, true));
    expect(goodVersionsOf(list, { configured: versions, initial: null, current: null })).toHaveLength(10);
  });

  it("leave out what regressed or was rolled back, from the record", async () => {
    const bad = await ended("1.1.0", "succeeded");
    await ended("1.0.0", "succeeded", { kind: "rollback", rollbackOf: bad });
    await ended("1.2.0", "succeeded", { watchState: "regressed" });
    const { current, items } = await goodVersions(ctx, ref);
    expect(current).toBe("1.2.0");
    expect(items).toMatchObject([{ version: "1.0.0", lastKnownGood: true }]);
  });
});

describe("the four key measures", () => {
  const change = (n: number, status: string, more: Partial<Measured> = {}): Measured => ({
    ...{ id: `dep_${n}`, ...ref, kind: "deploy", rollbackOf: null, status, watchState: null, committedAt: null },
    startedAt: new Date(T0 + n * 3_600_000),
    finishedAt: new Date(T0 + n * 3_600_000 + 10 * MINUTE),
    ...more,
  });
  const measure = (rows: Measured[], incidents = new Map(), days = 10) => doraRow(ref, rows, incidents, days);

  it("are unknown when nothing happened, not zero", () => {
    expect(measure([])).toMatchObject({
      ...{ deployments: 0, perDay: 0, frequencyRating: null, leadTimeSeconds: null },
      ...{ changeFailureRate: null, failures: 0, changes: 0, restoreSeconds: null },
    });
  });

  it("count what was promoted, what failed of what was tried, and how long it took back", () => {
    const rows = [
      change(1, "succeeded", { committedAt: new Date(T0) }),
      change(2, "rolled_back"),
      change(3, "succeeded", { committedAt: new Date(T0) }),
      change(4, "cancelled"),
      change(5, "failed"),
      change(6, "succeeded"),
    ];
    expect(measure(rows)).toMatchObject({
      ...{ deployments: 3, perDay: 0.3, frequencyRating: "high", leadTimeKnown: 2 },
      leadTimeSeconds: ((1 + 3) / 2) * 3_600 + 600,
      ...{ changes: 5, failures: 2, changeFailureRate: 0.4, failureRating: "low" },
      // ten minutes for the one that went back by itself, an hour and ten for the one the next version repaired
      restoreSeconds: (600 + 4_200) / 2,
    });
  });

  it.each([
    ["regressed under the watch", [change(1, "succeeded", { watchState: "regressed" })], new Map()],
    [
      "was rolled back later",
      [change(1, "succeeded"), change(2, "succeeded", { kind: "rollback", rollbackOf: "dep_1" })],
      new Map(),
    ],
    [
      "opened an incident",
      [change(1, "succeeded")],
      new Map([["dep_1", { resolvedAt: new Date(T0 + 2 * 3_600_000) }]]),
    ],
  ])("count a change that %s as failed", (_, rows, incidents) => {
    expect(measure(rows as Measured[], incidents)).toMatchObject({ failures: 1, changes: 1 });
  });

  it.each([
    [1, "elite"],
    [0.2, "high"],
    [0.05, "medium"],
    [0.01, "low"],
  ])("rate %d a day as %s", (perDay, rating) => {
    expect(measure([change(1, "succeeded")], new Map(), 1 / perDay).frequencyRating).toBe(rating);
  });

  it("have a row for every service, from the record", async () => {
    await ended("1.1.0", "succeeded");
    const { rows } = await doraMetrics(ctx, DoraInput.parse({ days: 7 }));
    expect(rows).toHaveLength(4);
    expect(rows.find((row) => row.service === "checkout" && row.environment === "production")).toMatchObject({
      deployments: 1,
    });
  });
});

it("facets count under the other filters", async () => {
  await ended("1.1.0", "succeeded");
  await ended("1.2.0", "rolled_back");
  const all = await deploymentFacets(ctx, DeploymentFacetsInput.parse({ status: ["succeeded"] }));
  expect(all.status).toEqual([
    { value: "rolled_back", count: 1 },
    { value: "succeeded", count: 1 },
  ]);
  expect(all.service).toEqual([{ value: "checkout", count: 1 }]);
  expect(all.strategy).toEqual([{ value: "rolling", count: 1 }]);
});

/** `perBucket` requests every ten seconds, of which errors, at a latency that wanders a little. */
function traffic(
  version: string,
  from: number,
  buckets: number,
  perBucket: number,
  errors: number,
  ms: number,
): TrafficCounts[] {
  return Array.from({ length: buckets }, (_, i) => {
    const latency = emptyHistogram();
    latency[bucketOf(ms * (1 + (i % 5) / 50))] = perBucket;
    return {
      ...noOutcomes(),
      ...{ ...ref, version, requests: perBucket, latency },
      bucketAt: new Date(from + i * 10_000).toISOString(),
      ...{ status2xx: perBucket - errors, status3xx: 0, status4xx: 0, status5xx: errors },
      usage: {
        cpuMs: perBucket * 2,
        memoryBytes: 3e7 * (1 + i / 1_000),
        instances: perBucket / 10,
        inFlight: 1,
        errorLines: errors,
      },
    };
  });
}

describe("a deployment's charts", () => {
  it("show both versions on one axis, the newest seconds from the platform", async () => {
    const id = await ended("1.1.0", "succeeded");
    await storeTraffic(ctx.db, traffic("1.0.0", T0 - MINUTE, 12, 100, 0, 20));
    await storeTraffic(ctx.db, traffic("1.1.0", T0, 6, 5, 0, 20));
    nowMs = T0 + 90_000;
    ctx.platform.samples = traffic("1.1.0", T0 + 60_000, 2, 7, 0, 20);
    const { versions, stepSeconds, from, to } = await deploymentSeries(ctx, { deploymentId: id });
    expect([stepSeconds, from, to]).toEqual([10, "2026-03-01T09:55:00.000Z", "2026-03-01T10:01:30.000Z"]);
    expect(versions.map((one) => [one.version, one.role])).toEqual([
      ["1.0.0", "old"],
      ["1.1.0", "new"],
    ]);
    expect(versions.map((one) => one.points.length)).toEqual([39, 39]);
    const rates = versions[1]?.points.map((point) => point.requestsPerSecond);
    expect(rates?.slice(29)).toEqual([null, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.7, 0.7, null]);
  });

  it("show a canary after its first seconds, at its true rate", async () => {
    const id = await ended("1.1.0", "succeeded");
    const samples = traffic("1.1.0", T0 + 40_000, 4, 4, 0, 20);
    for (const [answered, rate] of [
      [1, 2],
      [3, 2],
    ] as const) {
      ctx.platform.samples = samples
        .slice(0, answered)
        .map((one, i) => ({ ...one, bucketAt: new Date(T0 + 40_000 + i * 2_000).toISOString() }));
      nowMs = T0 + 40_000 + answered * 2_000 + 500;
      const points = (await deploymentSeries(ctx, { deploymentId: id })).versions[1]?.points;
      expect(points?.at(-1)).toMatchObject({ t: "2026-03-01T10:00:40.000Z", requestsPerSecond: rate, errorPercent: 0 });
    }
  });

  it("are drawn from minutes once the finer counts are forgotten", async () => {
    const id = await ended("1.1.0", "succeeded");
    await storeTraffic(ctx.db, traffic("1.0.0", T0 - 5 * MINUTE, 30, 100, 0, 20));
    await storeTraffic(ctx.db, traffic("1.1.0", T0, 30, 50, 0, 20));
    await database.db.trafficBucket.deleteMany({ where: { resolution: 10 } });
    nowMs = T0 + 72 * 60 * MINUTE;
    const { versions, stepSeconds } = await deploymentSeries(ctx, { deploymentId: id });
    expect(stepSeconds).toBe(60);
    const rates = versions.map((one) => one.points.flatMap((point) => point.requestsPerSecond ?? []));
    expect(rates).toEqual([new Array(5).fill(10), new Array(5).fill(5)]);
  });

  it("have the same rate however much of the last step is counted", () => {
    const random = dice(7);
    for (let round = 0; round < 200; round++) {
      const counted = 1 + Math.floor(random() * 60);
      const rows = traffic("1.1.0", T0, counted, 6, 0, 20).map((one, i) => ({
        ...one,
        bucketAt: new Date(T0 + i * 2_000).toISOString(),
      }));
      const points = seriesWithOpenStep(rows, { from: T0, countedUntil: T0 + counted * 2_000, stepSeconds: 10 });
      expect(points).toHaveLength(Math.ceil(counted / 5));
      for (const point of points) expect(point.requestsPerSecond).toBeCloseTo(3, 9);
    }
  });

  it("do without the platform", async () => {
    const id = await ended("1.1.0", "succeeded");
    ctx.platform.unreachable = true;
    expect((await deploymentSeries(ctx, { deploymentId: id })).versions).toHaveLength(2);
    expect(await deploymentDetail(ctx, { deploymentId: id })).toEqual({ analyses: [], outputs: [] });
  });
});

describe("version against version", () => {
  const compare = (extra: object = {}) =>
    compareVersions(ctx, CompareVersionsInput.parse({ ...ref, baseline: "1.0.0", candidate: "1.1.0", ...extra }));

  it("offers no version to which requests belong that none of them was chosen for", async () => {
    await storeTraffic(ctx.db, [...traffic("1.0.0", T0, 6, 10, 0, 20), ...traffic(NO_VERSION, T0, 6, 10, 0, 20)]);
    nowMs = T0 + 6 * MINUTE;
    const same = compare({ baseline: "1.0.0", candidate: "1.0.0" });
    await expect(same).rejects.toMatchObject({ details: { allowed: ["1.0.0"] } });
  });

  it("in the same minutes says what is worse, in words with numbers", async () => {
    await storeTraffic(ctx.db, traffic("1.0.0", T0, 30, 190, 0, 20));
    await storeTraffic(ctx.db, traffic("1.1.0", T0, 30, 10, 1, 40));
    nowMs = T0 + 6 * MINUTE;
    const { summary, sameMinutes, metrics, baseline, candidate, series } = await compare();
    expect(sameMinutes).toBe(true);
    expect([baseline?.requests, candidate?.requests]).toEqual([5_700, 300]);
    const of = (name: string) => metrics.find((metric) => metric.name === name);
    expect(of("errorRatio")).toMatchObject({ better: "worse", certainty: "sure", difference: 10 });
    expect(of("errorRatio")?.sentence).toMatch(
      /^error ratio 0 % \(0 of 5.700\) → 10 % \(30 of 300\): \+10 points, sure$/,
    );
    expect(of("latencyP95")).toMatchObject({ better: "worse", certainty: "sure" });
    expect(of("latencyP95")?.sentence).toMatch(
      /^p95 latency over all requests 2\d(\.\d)? ms → 4\d(\.\d)? ms: \+2\d(\.\d)? ms \(\+\d+(\.\d)? %\), sure$/,
    );
    expect(of("cpuPerRequest")).toMatchObject({ better: "same", difference: 0 });
    expect(of("instances")).toMatchObject({ better: "unknown", baseline: 19 });
    expect(summary).toMatch(/^1\.1\.0 is worse than 1\.0\.0: error ratio/);
    expect(series.map((one) => one.role)).toEqual(["old", "new"]);
  });

  it("is never sure where the judge is not: of too few requests, and by its limit for counts", async () => {
    const versions = (failing: number, requests: number) => [
      ...traffic("1.0.0", T0, 1, 746, 0, 20),
      ...traffic("1.1.0", T0, 1, requests, failing, 20),
    ];
    const told = (failing: number, requests: number) => {
      const [old, fresh] = versions(failing, requests).map((one) => [one]);
      const seconds = { baseline: 10, candidate: 10 };
      const metrics = compareCounts(old!, fresh!, seconds, DEFAULT_RULES.analysis);
      return [metrics.find((one) => one.name === "errorRatio")?.certainty, summarise("1.1.0", "1.0.0", metrics)];
    };
    expect(told(2, 39)[0]).toBe("probable");
    expect(told(2, 39)[1]).toMatch(/^1\.1\.0 is perhaps worse than 1\.0\.0: .*probable, not sure yet/);
    // a clear failure of a few is believed only beyond doubt
    expect(told(3, 60)[0]).toBe("probable");
    expect(told(30, 60)[0]).toBe("sure");
    expect(told(30, 300)[0]).toBe("sure");
  });

  it("tells upgrades that are lost, where there were any, and misses no latency of a service with nothing else", () => {
    const told = (old: number, fresh: number) => {
      const rows = [old, fresh].map((upgraded) =>
        traffic("1", T0, 6, 100, 0, 20).map((one) => ({
          ...{ ...one, upgraded, status2xx: 100 - upgraded },
          latency: one.latency.map((count) => (upgraded === 100 ? 0 : count)),
        })),
      ) as [TrafficCounts[], TrafficCounts[]];
      const metrics = compareCounts(...rows, { baseline: 60, candidate: 60 }, DEFAULT_RULES.analysis);
      return summarise("1.1.0", "1.0.0", metrics);
    };
    expect(told(50, 0)).toBe(
      "1.1.0 is worse than 1.0.0: requests without an upgrade 50 % (300 of 600) → 100 % (600 of 600): +50 points, sure",
    );
    expect(told(100, 100)).toMatch(/^Not sure whether 1\.1\.0 differs from 1\.0\.0: .*error ratio/);
    expect(told(0, 0)).toMatch(/^Not sure whether/);
  });

  it("says no difference only where none beyond what is allowed is left possible, and gives counts", () => {
    const of = (requests: number, failed: number, lines: number, ms = 20) => {
      const rows = [traffic("1.0.0", T0, 6, 160, 0, 20), traffic("1.1.0", T0, 6, requests, failed, ms)];
      const [old, fresh] = rows.map((some, side) =>
        some.map((one, i) => ({
          ...one,
          latency: emptyHistogram().map((_, b) =>
            b === bucketOf(side && i % 3 === 1 ? ms : 20 + i) ? one.requests : 0,
          ),
          usage: { ...one.usage, errorLines: side && i === 0 ? lines : 0 },
        })),
      );
      const metrics = compareCounts(old!, fresh!, { baseline: 60, candidate: 60 }, DEFAULT_RULES.analysis);
      return (name: string) => metrics.find((one) => one.name === name);
    };
    const few = of(10, 0, 3, 200);
    expect(few("latencyP99"), "a large difference of few").toMatchObject({ better: "unsure" });
    expect(few("errorRatio"), "none of 60 failed, which rules little out").toMatchObject({ better: "unsure" });
    expect(few("errorRatio")?.sentence).toBe(
      "error ratio the same, 0 % (0 of 960) and 0 % (0 of 60), too little to rule a difference out",
    );
    expect(few("errorLines")).toMatchObject({ candidate: 5, better: "worse", counts: { candidate: { events: 3 } } });
    expect(few("errorLines")?.sentence).toMatch(/ 0 \(0 in 960\) → 5 \(3 in 60\): \+5, /);
    const many = of(10_000, 0, 0);
    expect(many("errorRatio")?.better, "0 of 960 leave more than the half percent that is allowed").toBe("unsure");
    expect(many("otherAnswers")?.better, "of which one percent is allowed").toBe("same");
  });

  it("leaves out what the judge leaves out, and says how much", async () => {
    const stalled = (rows: TrafficCounts[]) => rows.map((one, i) => ({ ...one, stalled: i === 2 }));
    await storeTraffic(ctx.db, stalled(traffic("1.0.0", T0, 30, 190, 0, 20)));
    await storeTraffic(ctx.db, stalled(traffic("1.1.0", T0, 30, 10, 0, 20)));
    nowMs = T0 + 6 * MINUTE;
    const { leftOut, baseline, candidate } = await compare();
    expect(leftOut).toEqual({ baseline: 190, candidate: 10 });
    expect([baseline?.requests, candidate?.requests]).toEqual([29 * 190, 290]);
  });

  it("at different times compares each one's newest minutes, and says so", async () => {
    await storeTraffic(ctx.db, traffic("1.0.0", T0, 30, 100, 5, 20));
    await storeTraffic(ctx.db, traffic("1.1.0", T0 + 20 * MINUTE, 30, 100, 0, 20));
    nowMs = T0 + 30 * MINUTE;
    const { sameMinutes, summary } = await compare({ minutes: 5 });
    expect(sameMinutes).toBe(false);
    expect(summary).toMatch(/^1\.1\.0 is better than 1\.0\.0: error ratio 5 % \(150 of 3.000\) → 0 %/);
  });

  it("does not make much of a little", async () => {
    await storeTraffic(ctx.db, traffic("1.0.0", T0, 30, 1_000, 10, 20));
    await storeTraffic(ctx.db, traffic("1.1.0", T0, 30, 1_000, 10, 20.4));
    nowMs = T0 + 6 * MINUTE;
    expect((await compare()).summary).toBe("No difference between 1.1.0 and 1.0.0 by more than is allowed");
    await database.db.trafficBucket.deleteMany();
    await storeTraffic(ctx.db, traffic("1.0.0", T0, 2, 5, 0, 20));
    await storeTraffic(ctx.db, traffic("1.1.0", T0, 2, 5, 1, 20));
    expect((await compare()).summary).toBe("There is too little to compare 1.1.0 with 1.0.0 by");
  });

  it("says what is missing, and refuses a version against itself", async () => {
    await storeTraffic(ctx.db, traffic("1.0.0", T0, 6, 100, 0, 20));
    nowMs = T0 + 2 * MINUTE;
    expect((await compare()).summary).toBe("Nothing was counted of 1.1.0 in the time that is kept");
    await expect(compare({ candidate: "1.0.0" })).rejects.toMatchObject({ code: "INVALID" });
  });

  it("counts only the minutes in common, also when they lie hours apart", async () => {
    const again = T0 + 4 * 60 * MINUTE;
    for (const from of [T0, again]) {
      await storeTraffic(ctx.db, traffic("1.0.0", from, 30, 190, 0, 20));
      await storeTraffic(ctx.db, traffic("1.1.0", from, 30, 10, 0, 20));
    }
    nowMs = again + 6 * MINUTE;
    const { sameMinutes, metrics } = await compare({ minutes: 1_440 });
    expect(sameMinutes).toBe(true);
    expect(metrics.find((metric) => metric.name === "requestRate")).toMatchObject({ baseline: 19, candidate: 1 });
  });

  it("reads a short canary of a long day finely, and both versions in buckets of one length", async () => {
    await storeTraffic(ctx.db, traffic("1.0.0", T0, 12, 190, 0, 20));
    await storeTraffic(ctx.db, traffic("1.1.0", T0, 12, 10, 1, 20));
    const later = T0 + 23.5 * 60 * MINUTE;
    await storeTraffic(ctx.db, traffic("1.1.0", later, 6, 10, 0, 20));
    nowMs = later + 2 * MINUTE;
    const { sameMinutes, stepSeconds, baseline, candidate, metrics } = await compare({ minutes: 1_440 });
    expect([sameMinutes, stepSeconds]).toEqual([true, 10]);
    const span = { from: "2026-03-01T10:00:00.000Z", to: "2026-03-01T10:02:00.000Z" };
    expect(baseline).toEqual({ version: "1.0.0", ...span, requests: 2_280 });
    expect(candidate).toEqual({ version: "1.1.0", ...span, requests: 120 });
    expect(metrics.find((metric) => metric.name === "errorRatio")).toMatchObject({
      better: "worse",
      certainty: "sure",
    });
  });

  it("says the opposite when the sides are exchanged", () => {
    const random = dice(11);
    const side = (version: string) =>
      traffic(version, T0, 12, 100, Math.floor(random() * 8), 20 + random() * 10).map((one) => {
        const latency = emptyHistogram();
        latency[bucketOf(20 + random() * 30)] = 100;
        return { ...one, latency };
      });
    const opposite = { better: "worse", worse: "better", same: "same", unsure: "unsure", unknown: "unknown" };
    for (let round = 0; round < 50; round++) {
      const [a, b] = [side("1.0.0"), side("1.1.0")];
      const seconds = { baseline: 120, candidate: 120 };
      const back = compareCounts(b, a, seconds, DEFAULT_RULES.analysis);
      for (const [i, metric] of compareCounts(a, b, seconds, DEFAULT_RULES.analysis).entries()) {
        expect(back[i]?.certainty).toBe(metric.certainty);
        expect(back[i]?.difference).toBeCloseTo(-(metric.difference ?? 0), 9);
        // what is small is small of its own base, so only what is not may be called the opposite
        const [here, there] = [metric.better, back[i]?.better];
        if (here !== "same" && there !== "same") expect(there).toBe(opposite[here]);
      }
    }
  });
});
