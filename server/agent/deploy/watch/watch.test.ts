import { beforeEach, describe, expect, it } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { drainIncidents } from "#server/testing/deploy/drain-incidents.ts";
import { type Clock, rehearsal, Tape } from "#server/testing/deploy/rehearsal.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import { bucketOf, emptyHistogram } from "../../telemetry/histogram.ts";
import { noOutcomes } from "../../telemetry/outcomes.ts";
import { storeTraffic } from "../../traffic/index.ts";
import { getDeploymentRow, listEvents, patchDeployment, supersedeWatches } from "../record/store.ts";
import { decideDeployment } from "../request/decide-deployment.ts";
import { deployApplication } from "../request/deploy-application.ts";
import { recordEffects } from "../run/effects-record.ts";
import { DecideDeploymentInput } from "../schema.ts";
import { runWatch, watchEffects } from "./index.ts";
import type { WatchPlan } from "./watch-effects.ts";

const database = useDatabase();
const clock: Clock = { ms: 0 };
const ref = { service: "checkout", environment: "production" };
const MINUTE = 60_000;
let ctx: TestContext;

beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.trafficBucket.deleteMany();
  await database.db.incident.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, {
    now: () => new Date(clock.ms),
    config: testConfig({
      deploymentConfig: {
        rollout: {
          watchSeconds: 300,
          decisionTimeoutSeconds: 120,
          analysis: { minRequests: 100, intervalSeconds: 10 },
        },
      },
    }),
  });
});

/** `errors` of every 100 requests fail; a hundred requests in ten seconds. */
function traffic(version: string, fromMs: number, minutes: number, errors: number): TrafficCounts[] {
  return Array.from({ length: minutes * 6 }, (_, i) => {
    const latency = emptyHistogram();
    latency[bucketOf(20)] = 100;
    return {
      ...noOutcomes(),
      ...ref,
      version,
      bucketAt: new Date(fromMs + i * 10_000).toISOString(),
      ...{ requests: 100, status2xx: 100 - errors, status3xx: 0, status4xx: 0, status5xx: errors, latency },
      usage: { cpuMs: null, memoryBytes: null, instances: 3, inFlight: 1, errorLines: errors },
    };
  });
}

/** A deployment to 1.1.0 that went well a moment ago and is watched, with the traffic of both versions. */
async function watched(errors: number, options: { rollbackOnFailure?: boolean } = {}): Promise<string> {
  const begun = clock.ms;
  const { deployment } = await deployApplication(ctx, { ...ref, version: "1.1.0", ...options });
  const id = deployment!.id;
  clock.ms += MINUTE;
  for (const instance of ctx.platform.services.get("checkout/production")!.instances) instance.version = "1.1.0";
  const times = { startedAt: new Date(begun), finishedAt: new Date(clock.ms) };
  const watch = { watchState: "watching" as const, watchUntil: new Date(clock.ms + 5 * MINUTE) };
  await database.db.$transaction((tx) => patchDeployment(tx, id, { status: "succeeded", ...times, ...watch }));
  await storeTraffic(ctx.db, traffic("1.0.0", begun - 10 * MINUTE, 10, 0));
  await storeTraffic(ctx.db, traffic("1.1.0", clock.ms, 6, errors));
  return id;
}
const row = (id: string) => getDeploymentRow(ctx.db, id);
const words = async (id: string) => (await listEvents(ctx.db, id)).map((event) => event.message);
const rollbacks = () => ctx.db.deployment.findMany({ where: { kind: "rollback" } });

describe("the watch over a version", () => {
  it("that holds is over after its time", async () => {
    const id = await watched(0);
    await runWatch(rehearsal(clock), watchEffects(ctx), id);
    expect(await row(id)).toMatchObject({ watchState: "passed", status: "succeeded", waiting: null });
    expect((await words(id)).at(-1)).toMatch(/The watch is over, 1\.1\.0 held: 1\.1\.0 is not worse than 1\.0\.0/);
    expect(await rollbacks()).toEqual([]);
    const analyses = await ctx.db.deploymentAnalysis.findMany({ where: { deploymentId: id } });
    expect(analyses).toMatchObject([{ kind: "watch", verdict: "pass" }]);
  });

  it.each([
    ["forward", 3_600_000],
    ["back", -3_600_000],
  ])("lasts as long when the clock is set %s by an hour", async (_, setMs) => {
    const id = await watched(0);
    let moved = 0;
    ctx.steadyMs = () => clock.ms - moved;
    const began = clock.ms;
    const durable = rehearsal(clock, (step, count) => {
      if (step !== "state" || count !== 3) return;
      clock.ms += setMs;
      moved = setMs;
    });
    await runWatch(durable, watchEffects(ctx), id);
    expect((await row(id)).watchState).not.toBe("watching");
    expect((clock.ms - moved - began) / MINUTE).toBeCloseTo(5, 0);
  });

  describe("that looks only every three hours", () => {
    const hours = 6 * 3_600_000;
    async function play(longestWait: boolean) {
      const rollout = { watchSeconds: 21_600, analysis: { minRequests: 100, intervalSeconds: 3_600 } };
      ctx = testContext(database, {
        ...{ now: () => new Date(clock.ms), steadyMs: () => clock.ms },
        config: testConfig({ deploymentConfig: { rollout } }),
      });
      const id = await watched(0);
      const began = clock.ms;
      await database.db.$transaction((tx) => patchDeployment(tx, id, { watchUntil: new Date(began + hours) }));
      const effects = watchEffects(ctx);
      const durable = rehearsal(clock);
      await runWatch(
        durable,
        {
          ...effects,
          begin: async (of) => {
            const { longestWaitMs, ...former } = (await effects.begin(of))!;
            return longestWait ? { ...former, longestWaitMs: longestWaitMs! } : former;
          },
          // the worker is another one every 40 minutes
          state: async (of) => {
            const process = String(Math.floor(clock.ms / (40 * MINUTE)));
            return { ...(await effects.state(of)), steady: { process, ms: clock.ms } };
          },
        },
        id,
      );
      return { lastedMs: clock.ms - began, steps: durable.steps.join(" ") };
    }

    it("lasts no longer when the worker is restarted in between", async () => {
      const { lastedMs, steps } = await play(true);
      expect(lastedMs / hours).toBeCloseTo(1, 2);
      expect(steps.match(/judge/g)).toHaveLength(3);
    });

    it("and was begun by a former release goes on in the steps that are remembered of it", async () => {
      expect((await play(false)).steps).toMatch(/^begin watch( state judge)+ undecided$/);
    });
  });

  it("that got worse rolls it back in Operate's own name, with an incident", async () => {
    const id = await watched(5);
    await runWatch(rehearsal(clock), watchEffects(ctx), id);
    await drainIncidents(ctx);
    expect((await row(id)).watchState).toBe("regressed");
    const [back] = await rollbacks();
    expect(back).toMatchObject({ rollbackOf: id, version: "1.0.0", strategy: "restore", actorKind: "job" });
    expect(await rollbacks()).toHaveLength(1);
    expect((await words(id)).slice(-2).join("\n")).toMatch(
      /got worse.*error ratio 5 %[\s\S]*takes checkout back to 1\.0\.0/,
    );
    expect((await row(id)).summary).toMatch(/^Succeeded, rolled back by its watch to 1\.0\.0: .*error ratio 5 %/);
    expect(await ctx.db.incident.findMany({ where: { deploymentId: id } })).toMatchObject([
      { title: "checkout 1.1.0 in production got worse after its deployment" },
    ]);
  });

  it("says what it cost of the requests since the new version had them all, and until when that is counted", async () => {
    const id = await watched(100);
    await ctx.db.trafficBucket.deleteMany({ where: { version: "1.1.0" } });
    const doneAt = clock.ms;
    const durable = rehearsal(clock, async () => {
      const tens = Math.floor((clock.ms - doneAt) / 10_000);
      await storeTraffic(ctx.db, traffic("1.1.0", doneAt, 1, 100).slice(0, tens));
      await storeTraffic(ctx.db, traffic("1.1.0", doneAt + MINUTE, 1, 100).slice(0, Math.max(0, tens - 6)));
    });
    await runWatch(durable, watchEffects(ctx), id);
    await drainIncidents(ctx);
    const [incident] = await ctx.db.incident.findMany({ where: { deploymentId: id } });
    expect(incident!.description).toMatch(
      /In the 60 s until 10:02:00 UTC, 600 of 600 requests failed on 1\.1\.0, which had all of them/,
    );
    // failures go on until the rollback is done: how many there were in all is added then
    const [back] = await rollbacks();
    await storeTraffic(ctx.db, traffic("1.1.0", doneAt + MINUTE, 1, 100).slice(0, 2));
    clock.ms += 25_000;
    ctx.platform.samples = [traffic("1.1.0", clock.ms - 5_000, 1, 100)[0]!];
    const plan = { ...(await recordEffects(ctx).begin(back!.id))!, deploymentId: back!.id };
    for (let twice = 0; twice < 2; twice++) await recordEffects(ctx).succeed(plan, "It runs 1.0.0.", 0);
    await drainIncidents(ctx);
    const told = await ctx.db.incidentEvent.findMany({ where: { incidentId: incident!.id } });
    expect(told.map(({ message }) => message).filter((message) => message.includes("in all"))).toEqual([
      "It runs 1.0.0. From 10:00:00 UTC until 10:02:25 UTC, 900 of 900 requests to 1.1.0 failed in all.",
    ]);
  });

  it("asks when it may not roll back, and what a person answers counts", async () => {
    const id = await watched(5, { rollbackOnFailure: false });
    const durable = rehearsal(clock, async (step, count) => {
      if (step !== "state" || count < 4 || (await row(id)).watchState === "kept") return;
      expect((await row(id)).waiting).toMatchObject({ kind: "regressed", options: ["promote", "rollback"] });
      await decideDeployment(ctx, DecideDeploymentInput.parse({ deploymentId: id, decision: "promote" }));
    });
    await runWatch(durable, watchEffects(ctx), id);
    expect(await row(id)).toMatchObject({ watchState: "kept", waiting: null });
    expect(await rollbacks()).toEqual([]);
  });

  it("goes back when nobody answers", async () => {
    const id = await watched(5, { rollbackOnFailure: false });
    await runWatch(rehearsal(clock), watchEffects(ctx), id);
    expect(await row(id)).toMatchObject({ watchState: "regressed", waiting: null });
    expect(await rollbacks()).toMatchObject([
      { rollbackOf: id, reason: expect.stringMatching(/^Nobody decided in time/) },
    ]);
  });

  it("ends when another deployment takes the version's place", async () => {
    const id = await watched(5);
    const durable = rehearsal(clock, async (step, count) => {
      if (step === "judge" && count === 2)
        await ctx.db.$transaction((tx) => supersedeWatches(tx, { id: "dep_other", ...ref }));
    });
    await runWatch(durable, watchEffects(ctx), id);
    expect(await row(id)).toMatchObject({ watchState: "superseded" });
    expect(await rollbacks()).toEqual([]);
  });

  it("says so when it cannot be rolled back", async () => {
    const id = await watched(5);
    await deployApplication(ctx, { ...ref, version: "1.2.0" }); // somebody else's, not begun yet
    await runWatch(rehearsal(clock), watchEffects(ctx), id);
    expect((await words(id)).at(-1)).toMatch(/not rolled back: another deployment is under way/);
  });

  it("of a version without traffic ends without a verdict, and nothing is rolled back", async () => {
    const id = await watched(0);
    await ctx.db.trafficBucket.deleteMany();
    await runWatch(rehearsal(clock), watchEffects(ctx), id);
    expect((await row(id)).watchState).toBe("undecided");
    expect((await words(id)).at(-1)).toMatch(
      /^The watch is over and could not decide whether 1\.1\.0 holds: 1\.1\.0 has answered 0 of the \d+ requests/,
    );
    expect(await rollbacks()).toEqual([]);
  });

  it("that nobody is answered by any more, with clients that leave, rolls it back", async () => {
    const id = await watched(0);
    const leftAfter = emptyHistogram();
    leftAfter[bucketOf(2_000)] = 25;
    const left = traffic("1.1.0", clock.ms, 6, 0).map((one) => ({
      ...one,
      ...{ status2xx: 75, clientLeft: 25, leftAfter },
    }));
    await ctx.db.trafficBucket.deleteMany({ where: { version: "1.1.0" } });
    await storeTraffic(ctx.db, left);
    await runWatch(rehearsal(clock), watchEffects(ctx), id);
    expect((await row(id)).watchState).toBe("regressed");
    expect((await words(id)).join("\n")).toMatch(/got worse.*error ratio 25 %/);
  });

  it("that hangs while its clients wait rolls it back before one of them has given up", async () => {
    const id = await watched(0);
    const pending = emptyHistogram();
    pending[bucketOf(60_000)] = 300;
    ctx.platform.traffic.samplesSince = async () => [{ ...traffic("1.1.0", clock.ms, 1, 0)[0]!, pending }];
    await runWatch(rehearsal(clock), watchEffects(ctx), id);
    expect((await row(id)).watchState).toBe("regressed");
    expect((await words(id)).join("\n")).toMatch(/got worse.*error ratio/);
  });

  it("that could never be compared says so", async () => {
    const id = await watched(0);
    const effects = watchEffects(ctx);
    // a time that is none makes every comparison fail
    const faulty = { ...effects, judge: (plan: WatchPlan) => effects.judge({ ...plan, startedAt: Number.NaN }) };
    await runWatch(rehearsal(clock), faulty, id);
    expect((await row(id)).watchState).toBe("undecided");
  });

  it("that was compared once and then never again says so, too", async () => {
    const id = await watched(0);
    const effects = watchEffects(ctx);
    let judged = 0;
    const judge = (plan: WatchPlan) => effects.judge(++judged < 3 ? plan : { ...plan, startedAt: Number.NaN });
    await runWatch(rehearsal(clock), { ...effects, judge }, id);
    expect(judged).toBeGreaterThan(6);
    expect((await row(id)).watchState).toBe("undecided");
  });

  it.each([0, 5])(
    "comes to the same after a crash at any step (%i errors in a hundred)",
    { timeout: 240_000 },
    async (errors) => {
      const dry = new Tape(clock);
      const id = await watched(errors);
      await dry.play((durable) => runWatch(durable, watchEffects(ctx), id));
      const wanted = {
        state: (await row(id)).watchState,
        events: (await words(id)).length,
        backs: (await rollbacks()).length,
      };
      for (const crash of dry.names.keys()) {
        await ctx.db.deployment.deleteMany();
        await ctx.db.trafficBucket.deleteMany();
        await ctx.db.incident.deleteMany();
        clock.ms = Date.parse("2026-03-01T10:00:00Z");
        ctx.platform = testContext(database).platform;
        const again = await watched(errors);
        await new Tape(clock, [crash]).play((durable) => runWatch(durable, watchEffects(ctx), again));
        const state = (await row(again)).watchState;
        const seen = { state, events: (await words(again)).length, backs: (await rollbacks()).length };
        expect(seen, `crashed at ${crash}, ${dry.names[crash]}`).toEqual(wanted);
      }
    },
  );
});
