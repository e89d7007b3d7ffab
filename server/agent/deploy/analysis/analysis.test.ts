import { beforeEach, describe, expect, it } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { type Clock, rehearsal, Tape } from "#server/testing/deploy/rehearsal.ts";
import { AppError } from "../../kernel/errors.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import { bucketOf, emptyHistogram } from "../../telemetry/histogram.ts";
import { noOutcomes } from "../../telemetry/outcomes.ts";
import { storeTraffic, sumBy } from "../../traffic/index.ts";
import { begin } from "../record/record.ts";
import { getDeploymentRow, listEvents } from "../record/store.ts";
import { listSteps } from "../record/store-steps.ts";
import { deployApplication } from "../request/deploy-application.ts";
import type { CheckInterrupt, DeploymentPlan, StepOutcome } from "../run/procedure.ts";
import { analysisEffects, runAnalysis, runHook, runVerification } from "./index.ts";

const database = useDatabase();
const clock: Clock = { ms: 0 };
const nobody: CheckInterrupt = async () => null;
let ctx: TestContext;

beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.trafficBucket.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, {
    now: () => new Date(clock.ms),
    config: testConfig({
      deploymentConfig: {
        rollout: {
          canary: { weights: [5], keepOldSeconds: 30 },
          verification: [{ name: "order", path: "/order", bodyIncludes: "paid" }],
          hooks: { before: [{ name: "migrate", type: "command", command: ["true"] }] },
          analysis: { minRequests: 100, minSeconds: 30, intervalSeconds: 10, maxWaitSeconds: 120 },
        },
      },
    }),
  });
});

/** Two versions side by side for four minutes from now on: so many requests a second of the new one, of which errors. */
function sideBySide(perSecond: number, errorShare: number): TrafficCounts[] {
  const rows: TrafficCounts[] = [];
  let asked = 0;
  for (let at = 0; at < 240; at += 2)
    for (const version of ["1.0.0", "1.1.0"]) {
      const requests = version === "1.1.0" ? perSecond * 2 : perSecond * 38;
      let failed = 0;
      if (version === "1.1.0")
        for (let i = 0; i < requests; i++) failed += ++asked % Math.round(1 / errorShare) === 0 ? 1 : 0;
      const latency = emptyHistogram();
      latency[bucketOf(20)] = requests;
      rows.push({
        ...noOutcomes(),
        ...{ service: "checkout", environment: "production", version, requests, latency },
        bucketAt: new Date(clock.ms + at * 1_000).toISOString(),
        ...{ status2xx: requests - failed, status3xx: 0, status4xx: 0, status5xx: failed },
        usage: { cpuMs: requests, memoryBytes: 5e7, instances: 1, inFlight: 1, errorLines: failed },
      });
    }
  return rows;
}

async function plan(): Promise<DeploymentPlan> {
  const { deployment } = await deployApplication(ctx, {
    ...{ service: "checkout", environment: "production", version: "1.1.0", strategy: "canary" },
  });
  return (await begin(ctx, deployment!.id))!;
}
/** Only what is over can be seen. */
const showUntilNow = (all: TrafficCounts[]) => {
  ctx.platform.traffic.samplesSince = async ({ since }) =>
    all.filter((row) => Date.parse(row.bucketAt) >= since.getTime() && Date.parse(row.bucketAt) + 2_000 <= clock.ms);
};

async function analyse(
  checkInterrupt: CheckInterrupt = nobody,
  kind: "step" | "hold" = "step",
  since?: number,
): Promise<{ outcome: StepOutcome; plan: DeploymentPlan }> {
  const made = await plan();
  const step = made.steps.find((one) => one.kind === (kind === "step" ? "analysis" : "hold"))!;
  const input = { step, attempt: 1, kind, checkInterrupt, since, ...(kind === "hold" ? { holdSeconds: 30 } : {}) };
  return { outcome: await runAnalysis(rehearsal(clock), analysisEffects(ctx), made, input), plan: made };
}
const kept = () => ctx.db.deploymentAnalysis.findMany();

describe("an analysis", () => {
  it("passes a version that is not worse, after its time, and keeps the numbers once", async () => {
    showUntilNow(sideBySide(10, 1e-9));
    const began = clock.ms;
    const { outcome } = await analyse();
    expect(outcome).toMatchObject({ kind: "passed", note: expect.stringContaining("1.1.0 is not worse than 1.0.0") });
    expect(clock.ms - began).toBeGreaterThanOrEqual(30_000);
    const rows = await kept();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ verdict: "pass", kind: "step", attempt: 1 });
    expect(JSON.stringify(rows[0]?.result).length).toBeLessThan(100_000);
  });

  it.each([
    ["forward", 3_600_000],
    ["back", -3_600_000],
  ])("takes its time and no more when the clock is set %s by an hour", async (_, setMs) => {
    const rows = sideBySide(10, 1e-9);
    let moved = 0;
    // the platform moves with the clock: what it counted stays as old as it is
    ctx.platform.traffic.samplesSince = async ({ since }) =>
      rows
        .map((row) => ({ ...row, bucketAt: new Date(Date.parse(row.bucketAt) + moved).toISOString() }))
        .filter((row) => Date.parse(row.bucketAt) >= since.getTime() && Date.parse(row.bucketAt) + 2_000 <= clock.ms);
    ctx.steadyMs = () => clock.ms - moved;
    let looks = 0;
    const began = clock.ms;
    const { outcome } = await analyse(async () => {
      if (++looks === 4) {
        clock.ms += setMs;
        moved = setMs;
      }
      return null;
    });
    expect(outcome.kind).toBe("passed");
    expect(clock.ms - moved - began).toBeGreaterThanOrEqual(30_000);
    expect(clock.ms - moved - began).toBeLessThan(60_000);
  });

  it("fails a bad one as soon as it is sure, and says what that cost", async () => {
    showUntilNow(sideBySide(10, 0.05));
    const began = clock.ms;
    const { outcome, plan: made } = await analyse();
    expect(outcome).toMatchObject({
      kind: "failed",
      reason: expect.stringMatching(/1\.1\.0 is worse: error ratio 5 %/),
    });
    expect(outcome).toMatchObject({
      reason: expect.stringMatching(
        /In the \d+ s until \d\d:\d\d:\d\d UTC, \d+ of all [\d\u00a0]+ requests \(0\.2\d %\) failed on 1\.1\.0, which had 5 % of them/,
      ),
    });
    expect(clock.ms - began).toBeLessThan(30_000);
    expect((await getDeploymentRow(ctx.db, made.deploymentId)).summary).toMatch(
      /^Comparing 1\.1\.0 with 1\.0\.0: \d+ requests since this comparison began, \d+ of them failed$/,
    );
  });

  it("blames no version for a time in which the balancer itself stood still", async () => {
    const rows = sideBySide(10, 1e-9).map((row, i) => {
      if (row.version !== "1.1.0" || i % 10 !== 1) return row;
      const latency = emptyHistogram();
      latency[bucketOf(4_000)] = row.requests;
      return { ...row, latency };
    });
    showUntilNow(rows);
    expect((await analyse()).outcome.kind).toBe("failed");
    await ctx.db.deployment.deleteMany();
    showUntilNow(rows.map((row) => ({ ...row, stalled: row.latency[bucketOf(4_000)]! > 0 })));
    expect((await analyse()).outcome.kind).toBe("passed");
  });

  /** The new version answers so slowly until a second after the beginning. */
  const slowUntil = (rows: TrafficCounts[], seconds: number, ms: number) =>
    rows.map((row, i) => {
      if (row.version !== "1.1.0" || i >= seconds) return row;
      const latency = emptyHistogram();
      latency[bucketOf(ms)] = row.requests;
      return { ...row, latency };
    });

  it("does not blame a new process for having to warm up, and says what it did not compare", async () => {
    showUntilNow(slowUntil(sideBySide(10, 1e-9), 10, 80));
    const { outcome } = await analyse();
    expect(outcome).toMatchObject({
      kind: "passed",
      note: expect.stringMatching(/; 100 requests of the first 10 s are not compared by latency$/),
    });
  });

  it("still fails a version that stays slow, soon after it has warmed up", async () => {
    const began = clock.ms;
    showUntilNow(slowUntil(sideBySide(10, 1e-9), 240, 80));
    const { outcome } = await analyse();
    expect(outcome).toMatchObject({ kind: "failed", reason: expect.stringMatching(/1\.1\.0 is worse: p95 latency/) });
    expect(clock.ms - began).toBeLessThanOrEqual(30_000);
  });

  it("compares latency from the first request on in a deployment that began before there was a warm-up", async () => {
    showUntilNow(sideBySide(10, 1e-9));
    const made = await plan();
    const { warmUpSeconds: _, ...former } = made.options.rules.analysis;
    const rules = { ...made.options.rules, analysis: former as typeof made.options.rules.analysis };
    const step = made.steps.find((one) => one.kind === "analysis")!;
    const since = clock.ms;
    clock.ms += 20_000;
    const old = { ...made, options: { ...made.options, rules } };
    const judged = await analysisEffects(ctx).judge(old, { step, attempt: 1, kind: "step", since });
    expect(judged).toMatchObject({ verdict: "pass", sentence: expect.not.stringContaining("not compared") });
  });

  it("leaves most of a short hold to be compared", async () => {
    showUntilNow(sideBySide(20, 1e-9));
    const made = await plan();
    const step = made.steps.find((one) => one.kind === "hold")!;
    const since = clock.ms + 20_000;
    clock.ms += 26_000;
    const judged = await analysisEffects(ctx).judge(made, { step, attempt: 1, kind: "hold", since, holdSeconds: 6 });
    expect(judged).toMatchObject({
      verdict: "inconclusive",
      sentence: expect.stringContaining("80 of the 100 requests"),
    });
    expect(judged.sentence).toContain("40 requests of the first 2 s are not compared");
  });

  it.each([0, 500, 1_500])(
    "never leaves out more than a third of a hold, begun %i ms into a sample",
    async (intoMs) => {
      showUntilNow(sideBySide(20, 1e-9));
      const made = await plan();
      const step = made.steps.find((one) => one.kind === "hold")!;
      const begin = clock.ms + 20_000;
      const since = begin + intoMs;
      clock.ms = since + 15_000;
      const { sentence } = await analysisEffects(ctx).judge(made, {
        ...{ step, attempt: 1, kind: "hold", since, holdSeconds: 15 },
      });
      const seconds = Number(/of the first (\d+) s are not compared/.exec(sentence)?.[1]);
      const firstComparedMs = Math.ceil(since / 2_000) * 2_000 + seconds * 1_000;
      expect(seconds).toBeGreaterThan(0);
      expect(firstComparedMs - since).toBeLessThanOrEqual(5_000);
    },
  );

  it("asks a person when the requests do not come", async () => {
    showUntilNow(sideBySide(0.5, 1e-9));
    const { outcome } = await analyse();
    expect(outcome).toMatchObject({
      kind: "undecided",
      reason: expect.stringMatching(/^Not decided in 2 min.*of the 100 requests/),
    });
    expect(await kept()).toMatchObject([{ verdict: "inconclusive" }]);
  });

  it("that is tried again after it was not decided has the requests of the first try, too", async () => {
    showUntilNow(sideBySide(0.5, 1e-9));
    const began = clock.ms;
    const { outcome } = await analyse();
    expect(outcome).toMatchObject({ kind: "undecided", since: began });
    await database.db.deployment.deleteMany();
    const again = await analyse(nobody, "step", began);
    expect(again.outcome).toMatchObject({ kind: "passed" });
    expect(clock.ms - began, "100 requests at one in two seconds").toBeLessThan(240_000);
    const anew = await kept();
    expect(anew).toMatchObject([{ verdict: "pass", from: new Date(began) }]);
  });

  it("asks a person when the platform stays away", async () => {
    const step = analyse();
    ctx.platform.traffic.samplesSince = () => Promise.reject(new Error("gone"));
    expect((await step).outcome).toMatchObject({
      kind: "undecided",
      reason: expect.stringContaining("in a row could not be made"),
    });
  });

  it("leaves no pass of before as evidence when the newest comparison could not be made", async () => {
    const rows = sideBySide(30, 1e-9);
    const goneAt = clock.ms + 15_000;
    const { rollout } = ctx.config.deploymentConfig;
    ctx.config.deploymentConfig.rollout = { ...rollout, analysis: { ...rollout?.analysis, warmUpSeconds: 0 } };
    showUntilNow(rows);
    const seen = ctx.platform.traffic.samplesSince;
    ctx.platform.traffic.samplesSince = (input) =>
      clock.ms < goneAt ? seen(input) : Promise.reject(new AppError("UPSTREAM_UNAVAILABLE", "The platform is away."));
    const verdicts: string[] = [];
    const { outcome } = await analyse(async () => {
      verdicts.push(...(await kept()).map((one) => one.verdict));
      return null;
    });
    expect(verdicts).toContain("pass");
    expect(outcome).toMatchObject({ kind: "undecided", reason: expect.stringContaining("5 comparisons in a row") });
    expect(await kept()).toMatchObject([
      { verdict: "error", score: null, result: null, sentence: "The platform is away.", attempt: 1 },
    ]);
  });

  it("fails a version that hangs while its clients wait: nothing of it has ended", async () => {
    showUntilNow(sideBySide(10, 1e-9));
    const seen = ctx.platform.traffic.samplesSince;
    const pending = emptyHistogram();
    pending[bucketOf(5_000)] = 40;
    ctx.platform.traffic.samplesSince = async (input) => {
      const rows = await seen(input);
      const newest = rows.findLast((row) => row.version === "1.1.0");
      return rows.map((row) => (row === newest ? { ...row, pending } : row));
    };
    const { outcome } = await analyse();
    expect(outcome).toMatchObject({ kind: "failed", reason: expect.stringMatching(/1\.1\.0 is worse: error ratio/) });
  });

  it("stops for whoever steps in", async () => {
    showUntilNow(sideBySide(10, 1e-9));
    let asked = 0;
    const { outcome } = await analyse(async () => (++asked === 4 ? { kind: "cancel" } : null));
    expect(outcome).toEqual({ kind: "interrupted", by: { kind: "cancel" } });
  });

  it("holds on to the old version while the new one serves alone", async () => {
    const before = sideBySide(10, 1e-9);
    clock.ms += 120_000;
    const at = clock.ms;
    showUntilNow(before.filter((row) => (row.version === "1.0.0") === Date.parse(row.bucketAt) < at));
    const { outcome } = await analyse(nobody, "hold");
    expect(outcome.kind).toBe("passed");
    expect(clock.ms - at).toBeGreaterThanOrEqual(30_000);
    expect(await kept()).toMatchObject([{ kind: "hold", verdict: "pass" }]);
  });

  describe("a hold without the old version's requests in the platform's memory", () => {
    /** Seconds of one version from a time on, so many requests each, all of them with one outcome. */
    function alone(version: string, fromMs: number, seconds: number, perSecond: number, status = "status2xx") {
      return sideBySide(perSecond, 1e-9)
        .filter((row) => row.version === "1.1.0")
        .slice(0, seconds / 2)
        .map((row, i) => ({
          ...{ ...row, version, bucketAt: new Date(fromMs + i * 2_000).toISOString() },
          ...{ status2xx: 0, [status]: row.requests },
          usage: { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null },
        }));
    }
    const storeAll = (rows: TrafficCounts[]) => storeTraffic(ctx.db, sumBy(rows, 10_000));
    const held = async () => (await analyse(nobody, "hold")).outcome;

    it.each([
      ["fails one that only fails", "status5xx", "failed", /1\.1\.0 is worse: error ratio 100 %/],
      ["fails one that knows no page any more", "status4xx", "failed", /1\.1\.0 is worse: requests with a 4xx/],
      ["passes one that is not worse", "status2xx", "passed", /1\.1\.0 is not worse than 1\.0\.0/],
    ])("%s, by what is stored", async (_, status, kind, words) => {
      await storeAll(alone("1.0.0", clock.ms - 240_000, 240, 20));
      showUntilNow(alone("1.1.0", clock.ms, 60, 20, status));
      const outcome = await held();
      expect(outcome.kind).toBe(kind);
      expect(JSON.stringify(outcome)).toMatch(words);
    });

    it("counts what the new version answered before the platform was started anew", async () => {
      await storeAll(alone("1.0.0", clock.ms - 240_000, 240, 20));
      await storeAll(alone("1.1.0", clock.ms, 20, 20, "status5xx"));
      showUntilNow(alone("1.1.0", clock.ms + 22_000, 60, 1));
      clock.ms += 20_000;
      const [made, began] = [await plan(), clock.ms - 20_000];
      const step = made.steps.find((one) => one.kind === "hold")!;
      const judged = await analysisEffects(ctx).judge(made, { step, attempt: 1, kind: "hold", since: began });
      expect(judged).toMatchObject({ verdict: "fail", candidateRequests: 400, candidateErrors: 400 });
      // the thousands before, all to the old version, are no base of what this cost
      expect(judged.sentence).toMatch(
        /In the \d+ s until \d\d:\d\d:\d\d UTC, 400 of 400 requests failed on 1\.1\.0, which had all of them$/,
      );
    });

    it.each([
      ["none", 0],
      ["too few", 40],
    ])("fails one that only fails when there are %s of it anywhere", async (_, requests) => {
      await storeAll(alone("1.0.0", clock.ms - 20_000, requests, 1));
      showUntilNow(alone("1.1.0", clock.ms, 60, 20, "status5xx"));
      expect(await held()).toMatchObject({
        kind: "failed",
        reason: expect.stringMatching(
          /fails its users, whatever .* 100 % .*, and 10 % are too many; 1\.0\.0 has answered/,
        ),
      });
    });

    it.each([
      ["answers well, of which nothing can be compared", "status2xx", 20],
      ["knows no page any more", "status4xx", 20],
      ["fails all of few requests", "status5xx", 1],
    ])("asks about one that %s", async (_, status, perSecond) => {
      showUntilNow(alone("1.1.0", clock.ms, 60, perSecond, status));
      expect(await held()).toMatchObject({ kind: "undecided", reason: expect.stringContaining("Not decided in 30 s") });
    });

    it("lets one with few requests go on by the rule that says so, and asks by the other", async () => {
      showUntilNow(alone("1.1.0", clock.ms, 60, 1));
      const { outcome, plan: made } = await analyse(nobody, "hold");
      expect(outcome).toMatchObject({ kind: "passed", note: expect.stringContaining("by analysis.fewRequests: ") });
      const events = await listEvents(ctx.db, made.deploymentId);
      expect(events.at(-1)).toMatchObject({ level: "warning", message: expect.stringContaining("Not decided") });
      await ctx.db.deployment.deleteMany();
      ctx.config.deploymentConfig.rollout = { canary: { weights: [5] }, analysis: { fewRequests: "ask" } };
      showUntilNow(alone("1.1.0", clock.ms, 60, 1));
      expect(await held()).toMatchObject({ kind: "undecided" });
    });

    it("asks when much of what the new version answered fell into time in which the balancer stood still", async () => {
      await storeAll(alone("1.0.0", clock.ms - 240_000, 240, 20));
      showUntilNow(alone("1.1.0", clock.ms, 60, 20).map((row, i) => ({ ...row, stalled: i % 3 === 0 })));
      expect(await held()).toMatchObject({
        kind: "undecided",
        reason: expect.stringMatching(
          /too many requests are missing; left out .* stood still: [\d.]+ % \(.*\) of 1\.1\.0/,
        ),
      });
    });
  });

  it("comes to the same after a crash at any step", async () => {
    const run = async (crashes: number[]) => {
      await ctx.db.deployment.deleteMany();
      clock.ms = Date.parse("2026-03-01T10:00:00Z");
      showUntilNow(sideBySide(10, 0.05));
      const made = await plan();
      const step = made.steps.find((one) => one.kind === "analysis")!;
      const tape = new Tape(clock, crashes);
      let outcome: StepOutcome | undefined;
      await tape.play(async (durable) => {
        outcome = await runAnalysis(durable, analysisEffects(ctx), made, {
          step,
          attempt: 1,
          kind: "step",
          checkInterrupt: nobody,
        });
      });
      return { names: tape.names, kind: outcome?.kind, analyses: (await kept()).length };
    };
    const { names, ...wanted } = await run([]);
    for (const crash of names.keys()) expect(await run([crash])).toMatchObject(wanted);
  });
});

describe("a hook", () => {
  const hook = async () => {
    const made = await plan();
    const step = made.steps.find((one) => one.kind === "hook")!;
    const input = { step, attempt: 1, weight: null, checkInterrupt: nobody };
    const outcome = await runHook(rehearsal(clock), analysisEffects(ctx), made, input);
    return { outcome, made, step, row: (await listSteps(ctx.db, made.deploymentId))[step.index] };
  };

  it("runs once, although its step is carried out twice, and what it printed is kept", async () => {
    ctx.hookAnswers.migrate = { output: "0042 applied\n", tries: 2 };
    const { outcome, row, made } = await hook();
    expect(outcome).toEqual({ kind: "passed", note: "exit code 0 after 2 tries" });
    expect(ctx.hooksRun).toHaveLength(1);
    expect(ctx.hooksRun[0]?.context).toMatchObject({ phase: "before", weight: null, key: `${made.deploymentId}:0:1` });
    expect(row?.output).toMatchObject([{ name: "migrate", ok: true, output: "0042 applied\n" }]);
    const events = await listEvents(ctx.db, made.deploymentId);
    expect(events.filter((event) => event.message.startsWith("Hook"))).toHaveLength(1);
  });

  it("halts with its last words when it refuses", async () => {
    ctx.hookAnswers.migrate = { ok: false, summary: "exit code 3", output: "connecting\ncolumn exists already\n" };
    const { outcome } = await hook();
    expect(outcome).toEqual({
      ...{ kind: "failed", instance: null },
      reason: "The hook migrate refused: exit code 3: column exists already",
    });
  });
});

describe("a verification", () => {
  const verify = async () => {
    const made = await plan();
    await ctx.platform.workloads.instances.start({
      service: "checkout",
      environment: "production",
      version: "1.1.0",
      key: "new",
    });
    const step = made.steps.find((one) => one.kind === "verify")!;
    const outcome = await runVerification(rehearsal(clock), analysisEffects(ctx), made, { step, attempt: 1 });
    return { outcome, output: (await listSteps(ctx.db, made.deploymentId))[step.index]?.output };
  };

  it("passes when every instance answers as expected", async () => {
    ctx.platform.answer = () => ({ status: 200, body: '{"state":"paid"}', problem: null });
    const { outcome, output } = await verify();
    expect(outcome).toEqual({ kind: "passed", note: "1 of 1 answers are as expected" });
    expect(output).toMatchObject([{ ok: true, summary: "answered 200" }]);
  });

  it.each([
    [{ status: 500, body: "no", problem: null }, /GET \/order answered 500, expected 200/],
    [{ status: 200, body: "nothing", problem: null }, /answered without "paid"/],
    [{ status: null, body: "", problem: "no answer within 5000 ms" }, /was not answered: no answer within 5000 ms/],
  ])("fails on %o", async (answer, why) => {
    ctx.platform.answer = () => answer;
    const { outcome } = await verify();
    expect(outcome).toMatchObject({ kind: "failed", reason: expect.stringMatching(why) });
  });
});
