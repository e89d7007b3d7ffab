import { beforeEach, describe, expect, it } from "vitest";
import { type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { getDeployment } from "#server/testing/deploy/get-deployment.ts";
import { FOR_MODELS } from "../../kernel/reader-budget.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import { listServices } from "../../services/index.ts";
import { bucketOf, emptyHistogram } from "../../telemetry/histogram.ts";
import { noOutcomes } from "../../telemetry/outcomes.ts";
import { end } from "../record/record.ts";
import { patchDeployment, recordEvent } from "../record/store.ts";
import { upsertAnalysis } from "../record/store-analyses.ts";
import { patchStep } from "../record/store-steps.ts";
import { deployApplication } from "../request/deploy-application.ts";
import { progressOf } from "./follow.ts";

const database = useDatabase();
const ref = { service: "checkout", environment: "production" };
let ctx: TestContext;
let deploymentId: string;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.trafficBucket.deleteMany();
  ctx = testContext(database);
  const { deployment } = await deployApplication(ctx, { ...ref, version: "1.1.0", strategy: "canary" });
  deploymentId = deployment!.id;
});

const counts = (version: string, at: number, requests: number, status5xx = 0): TrafficCounts => ({
  ...noOutcomes(),
  ...{ ...ref, version, bucketAt: new Date(at).toISOString(), requests, status5xx },
  status2xx: requests - status5xx,
  usage: { cpuMs: null, memoryBytes: null, instances: null, inFlight: null, errorLines: null },
});
const store = async ({ usage: _not, denied: _nor, stalled = false, ...row }: TrafficCounts) => {
  await database.db.trafficBucket.create({ data: { ...row, stalled, resolution: 10 } });
};
const patch = (change: Parameters<typeof patchDeployment>[2]) =>
  database.db.$transaction((tx) => patchDeployment(tx, deploymentId, change));

describe("the split", () => {
  it("of weights, of the last seconds, and since it began: what is stored and what is not yet, each once", async () => {
    const now = Date.parse("2026-11-27T12:00:30.000Z");
    ctx.now = () => new Date(now);
    await patch({ status: "running", startedAt: new Date(now - 60_000) });
    ctx.platform.services.get("checkout/production")!.weights = { "1.0.0": 75, "1.1.0": 25 };
    await store(counts("1.0.0", now - 70_000, 9_999)); // before it began
    await store(counts("1.0.0", now - 60_000, 1_000, 1));
    await store(counts("1.0.0", now - 20_000, 900));
    await store(counts("1.1.0", now - 20_000, 100, 5));
    ctx.platform.samples = [
      counts("1.0.0", now - 20_000, 180), // stored already
      counts("1.0.0", now - 10_000, 60),
      counts("1.1.0", now - 10_000, 40, 2),
      { ...counts("1.1.0", now - 8_000, 5_000), environment: "staging" },
    ];
    const { split } = await getDeployment(ctx, { deploymentId });
    expect(split).toEqual([
      { version: "1.0.0", weight: 75, share: 60, readyInstances: 3, requests: 1_960, errors: 1 },
      { version: "1.1.0", weight: 25, share: 40, readyInstances: 0, requests: 140, errors: 7 },
    ]);
  });

  it("counts whatever failed, those that left after waiting too long among them, and says how the service fares", async () => {
    const now = Date.parse("2026-11-27T12:00:30.000Z");
    ctx.now = () => new Date(now);
    await patch({ status: "running", startedAt: new Date(now - 60_000) });
    const left = emptyHistogram();
    left[bucketOf(2_000)] = 20;
    left[bucketOf(50)] = 5;
    const lost = { status2xx: 70, clientLeft: 25, refused: 2, timedOut: 2, brokenOff: 1, leftAfter: left };
    await store({ ...counts("1.1.0", now - 20_000, 100), ...lost });
    ctx.platform.samples = [
      { ...counts("1.1.0", now - 8_000, 100), ...lost },
      { ...counts("1.0.0", now - 8_000, 300) },
    ];
    const { split, serviceNow } = await getDeployment(ctx, { deploymentId });
    expect(split[1]).toMatchObject({ version: "1.1.0", requests: 200, errors: 50 });
    expect(serviceNow).toMatchObject({ requests: 400, failed: 25, windowSeconds: 60, errorLimitPercent: 1 });
  });

  it("measures the service by its own limit, and counts who is still waiting for an answer that does not come", async () => {
    const now = Date.parse("2026-11-27T12:00:30.000Z");
    ctx.now = () => new Date(now);
    const [service] = ctx.config.services.filter((one) => one.name === "checkout");
    Object.assign(service!, { slo: { errorRatePercent: 0.2 } });
    const pending = emptyHistogram();
    pending[bucketOf(3_000)] = 8;
    pending[bucketOf(50)] = 3;
    ctx.platform.samples = [{ ...counts("1.1.0", now - 8_000, 100), pending }];
    const { serviceNow } = await getDeployment(ctx, { deploymentId });
    expect(serviceNow).toMatchObject({ requests: 108, failed: 8, errorLimitPercent: 0.2 });
  });

  it("gives the service the one status that the list gives it, whatever its check says", async () => {
    const now = Date.parse("2026-11-27T12:00:30.000Z");
    ctx.now = () => new Date(now);
    await patch({ status: "succeeded", startedAt: new Date(now - 80_000), finishedAt: new Date(now - 70_000) });
    for (let ago = 20; ago <= 60; ago += 10) await store(counts("1.1.0", now - ago * 1_000, 500, 356));
    ctx.platform.samples = [counts("1.1.0", now - 8_000, 100, 71)];
    const { serviceNow } = await getDeployment(ctx, { deploymentId });
    const { rows } = await listServices(ctx, { limit: 50 });
    const row = rows.find((one) => one.service === ref.service && one.environment === ref.environment)!;
    expect(row.health).toBe("failing");
    expect(serviceNow).toMatchObject({ health: "failing", healthMessage: row.healthMessage });
  });

  it("says of what succeeded that it is being watched, and until when, for as long as it is", async () => {
    const summary = "checkout in production runs 1.1.0: 3 of 3 ready.";
    const watchUntil = new Date("2026-11-27T12:10:30.000Z");
    await patch({ status: "succeeded", summary, watchState: "watching", watchUntil });
    const said = async () => (await getDeployment(ctx, { deploymentId })).deployment.summary;
    expect(await said()).toBe(`${summary} It has all requests and is being watched until 12:10:30 UTC.`);
    await patch({ watchState: "passed" });
    expect(await said()).toBe(summary);
  });

  it("ends with the deployment; nothing asked, nothing shared", async () => {
    const now = Date.parse("2026-11-27T12:00:30.000Z");
    ctx.now = () => new Date(now);
    await patch({ status: "succeeded", startedAt: new Date(now - 60_000), finishedAt: new Date(now - 30_000) });
    await store(counts("1.1.0", now - 40_000, 100));
    await store(counts("1.1.0", now - 20_000, 100));
    const { split } = await getDeployment(ctx, { deploymentId });
    expect(split[1]).toEqual({
      version: "1.1.0",
      weight: null,
      share: null,
      readyInstances: 0,
      requests: 100,
      errors: 0,
    });
  });

  it("never shows as 0 what is not counted yet, or nobody could count", async () => {
    const now = Date.parse("2026-11-27T12:00:30.000Z");
    ctx.now = () => new Date(now);
    const figures = async () =>
      (await getDeployment(ctx, { deploymentId })).split.map(({ requests, errors }) => [requests, errors]);
    await patch({ status: "running", startedAt: new Date(now - 1_000) });
    ctx.platform.samples = [counts("1.0.0", now - 4_000, 98), counts("1.1.0", now - 4_000, 2)];
    expect(await figures(), "both have answered in the last 10 s").toEqual([
      [null, null],
      [null, null],
    ]);
    ctx.platform.samples = [];
    expect(await figures(), "the platform says that nothing was asked").toEqual([
      [0, 0],
      [0, 0],
    ]);
    await patch({ status: "succeeded", startedAt: new Date(now - 60_000), finishedAt: new Date(now - 30_000) });
    expect(await figures(), "nothing is kept of one that has ended").toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it("of one that ended a moment ago has what is not stored yet, and nothing of what came after it", async () => {
    const now = Date.parse("2026-11-27T12:05:00.000Z");
    ctx.now = () => new Date(now);
    const finishedAt = new Date(now - 120_000);
    await patch({ status: "rolled_back", startedAt: new Date(now - 180_000), finishedAt });
    await store(counts("1.0.0", now - 180_000, 600));
    ctx.platform.samples = [
      counts("1.0.0", now - 180_000, 600), // stored already
      counts("1.0.0", now - 160_000, 556),
      counts("1.1.0", now - 160_000, 60, 3),
      counts("1.0.0", now - 119_000, 9_999),
    ];
    const { split } = await getDeployment(ctx, { deploymentId });
    expect(split.map(({ requests, errors }) => [requests, errors])).toEqual([
      [1_156, 0],
      [60, 3],
    ]);
  });

  it("of one that has ended is the same once its last bucket is stored, and names its time", async () => {
    const end = Date.parse("2026-11-27T12:03:04.500Z");
    await patch({ status: "rolled_back", startedAt: new Date(end - 70_000), finishedAt: new Date(end) });
    const bucket = end - 4_500;
    ctx.platform.samples = [0, 2_000, 4_000, 6_000, 8_000, 10_000].flatMap((after) => [
      counts("1.0.0", bucket + after, 40),
      counts("1.1.0", bucket + after, 2, 1),
    ]);
    const seen = async (now: number) => {
      ctx.now = () => new Date(now);
      const { split, splitWindow } = await getDeployment(ctx, { deploymentId });
      return { figures: split.map(({ requests, errors }) => [requests, errors]), splitWindow };
    };
    const first = await seen(bucket + 16_000);
    expect(first.figures).toEqual([
      [200, 0],
      [10, 5],
    ]);
    expect(first.splitWindow).toMatchObject({ final: false });
    await store(counts("1.0.0", bucket, 200));
    await store(counts("1.1.0", bucket, 10, 5));
    await store(counts("1.0.0", bucket + 10_000, 9_999));
    for (const later of [60_000, 20 * 60_000, 3 * 3_600_000]) {
      const then = await seen(end + later);
      expect(then.figures).toEqual(first.figures);
      expect(then.splitWindow).toEqual({
        ...{ from: "2026-11-27T12:02:00.000Z", to: "2026-11-27T12:03:10.000Z", stepSeconds: 10, final: true },
      });
    }
  });

  it("counts also one that began and ended within one bucket", async () => {
    const began = Date.parse("2026-11-27T12:03:01.000Z");
    await patch({ status: "succeeded", startedAt: new Date(began), finishedAt: new Date(began + 6_000) });
    await store(counts("1.1.0", began - 1_000, 30));
    ctx.now = () => new Date(began + 60_000);
    expect((await getDeployment(ctx, { deploymentId })).split[1]).toMatchObject({ requests: 30 });
  });
});

describe("a question that waits", () => {
  const now = Date.parse("2026-11-27T12:12:00.000Z");
  const from = new Date(now - 12 * 60_000);
  const ask = async (kind: "undecided" | "failed") => {
    ctx.now = () => new Date(now);
    const times = { since: from.toISOString(), expiresAt: new Date(now + 60_000).toISOString() };
    await patch({
      ...{ status: "paused", startedAt: from },
      waiting: { id: "w", kind, reason: "Not decided", options: ["promote"], stepIndex: 2, ...times },
    });
    const found = { key: "a", stepIndex: 2, attempt: 1, kind: "step", verdict: "inconclusive", score: null } as const;
    const at = new Date(now - 7 * 60_000);
    await upsertAnalysis(database.db, deploymentId, { ...found, sentence: "few", from, to: at, result: null }, at);
    return at;
  };

  it("tells as of when its words are, and what has come since, without what the balancer's own stillness counted", async () => {
    const at = await ask("undecided");
    ctx.platform.samples = [
      counts("1.1.0", from.getTime() - 2_000, 1_000),
      counts("1.1.0", from.getTime(), 100, 1),
      { ...counts("1.1.0", now - 20_000, 70, 70), stalled: true },
      counts("1.1.0", now - 10_000, 157, 1),
      counts("1.0.0", now - 10_000, 900),
    ];
    const { evidenceNow } = await getDeployment(ctx, { deploymentId });
    expect(evidenceNow).toMatchObject({
      ...{ comparedAt: at.toISOString(), since: from.toISOString(), requests: 257, failed: 2, leastRequests: 200 },
      sentence:
        "By now 1.1.0 has had 257 requests since that comparison began, 2 failed: enough to compare, and a retry of the step compares these and what comes",
    });
  });

  it("says nothing of what was not compared, and nothing while the platform is away", async () => {
    await ask("failed");
    expect((await getDeployment(ctx, { deploymentId })).evidenceNow).toBeNull();
    await ask("undecided");
    ctx.platform.unreachable = true;
    expect((await getDeployment(ctx, { deploymentId })).evidenceNow).toBeNull();
  });
});

it("shows steps, judgements newest first, and is read without the platform", async () => {
  const at = new Date("2026-11-27T12:00:00Z");
  for (const [key, verdict] of [
    ["first", "pass"],
    ["second", "fail"],
  ] as const)
    await upsertAnalysis(
      database.db,
      deploymentId,
      {
        key,
        stepIndex: 2,
        attempt: 1,
        kind: "step",
        verdict,
        score: 50,
        sentence: key,
        from: at,
        to: at,
        result: null,
      },
      new Date(at.getTime() + key.length),
    );
  await patchStep(database.db, deploymentId, 0, { status: "passed", attempt: 1, note: "3 are ready" });
  ctx.platform.unreachable = true;
  const seen = await getDeployment(ctx, { deploymentId });
  expect(seen).toMatchObject({
    instances: [],
    progress: { onNewVersion: null, wanted: 3 },
    analyses: [{ sentence: "second", verdict: "fail" }, { sentence: "first" }],
    split: [
      { version: "1.0.0", weight: null, share: null, readyInstances: null, requests: null, errors: null },
      { version: "1.1.0", weight: null, share: null, readyInstances: null, requests: null, errors: null },
    ],
  });
  expect(seen.steps[0]).toMatchObject({ status: "passed", note: "3 are ready" });
});

describe("following", () => {
  const follow = (seconds: number, following: Parameters<typeof getDeployment>[2] = {}) =>
    getDeployment(ctx, { deploymentId, followSeconds: seconds }, following);
  const ms = async (work: Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await work;
    return performance.now() - began;
  };

  it.each<[string, () => Promise<unknown>]>([
    ["the status", () => patch({ status: "running" })],
    ["a step", () => patchStep(database.db, deploymentId, 0, { status: "running", startedAt: new Date() })],
    ["its repetition", () => patchStep(database.db, deploymentId, 0, { attempt: 2 })],
    [
      "a question",
      () =>
        patch({
          waiting: { id: "w", kind: "paused", reason: "", since: "", expiresAt: "", options: [], stepIndex: 0 },
        }),
    ],
    ["the end", () => end(ctx, deploymentId, "cancelled", "over")],
  ])("answers when %s changes", async (_, change) => {
    const looked = Promise.withResolvers<void>();
    const answer = follow(30, { progress: async () => looked.resolve() });
    await looked.promise;
    await change();
    expect(await ms(answer)).toBeLessThan(5_000);
  });

  it("answers when the time is up, and not before", async () => {
    expect(await ms(follow(1))).toBeGreaterThan(950);
  });

  it("answers at once for one that has ended", async () => {
    await end(ctx, deploymentId, "failed", "over");
    expect(await ms(follow(30))).toBeLessThan(5_000);
  });

  it("stops looking when nobody waits any more", async () => {
    const leave = new AbortController();
    const answer = follow(30, { signal: leave.signal, progress: async () => leave.abort() });
    expect(await ms(answer)).toBeLessThan(5_000);
  });

  it("tells how far it is, ever further", async () => {
    const told: [number, number, string][] = [];
    await patchStep(database.db, deploymentId, 0, { status: "running", startedAt: new Date() });
    await follow(2, { progress: async (...one) => void told.push(one) });
    expect(told.length).toBeGreaterThan(2);
    const values = told.map(([done]) => done);
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
    const { steps } = await getDeployment(ctx, { deploymentId });
    expect(told[0]).toEqual([expect.any(Number), steps.length, "Waiting for a worker"]);
  });
});

it.each([
  [[], 0],
  [["pending"], 0],
  [["passed", "running"], 1.5],
  [["passed", "skipped", "waiting"], 2.5],
  [["passed", "passed"], 2],
] as const)("progress of %j ten seconds into a step", (statuses, done) => {
  const at = new Date("2026-11-27T12:00:10Z");
  const startedAt = new Date("2026-11-27T12:00:00Z");
  expect(
    progressOf(
      statuses.map((status) => ({ status, startedAt })),
      at,
    ),
  ).toBe(done);
});

it("gives a model the newest of what people scroll through", async () => {
  for (let i = 0; i < 60; i++)
    await database.db.$transaction((tx) =>
      recordEvent(
        tx,
        deploymentId,
        { key: `e${i}`, level: "info", kind: "step", message: `event ${i}` },
        {},
        new Date(Date.now() + i),
      ),
    );
  const people = await getDeployment(ctx, { deploymentId });
  const model = await getDeployment({ ...ctx, reader: FOR_MODELS }, { deploymentId });
  expect([people.events.length, model.events.length]).toEqual([61, 30]);
  expect(model.events.at(-1)?.message).toBe("event 59");
});
