import { beforeEach, describe, expect, it } from "vitest";
import { actor, type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { getDeployment } from "#server/testing/deploy/get-deployment.ts";
import { end } from "../deploy/record/record.ts";
import { deployApplication } from "../deploy/request/deploy-application.ts";
import type { WatchState } from "../deploy/schema.ts";
import { getPolicy } from "./get-policy.ts";
import { lockService } from "./lock.ts";
import { unlockService } from "./unlock.ts";

const database = useDatabase();
const ref = { service: "checkout", environment: "production" };
const wish = { ...ref, version: "1.1.0" };
const audit = () => database.db.auditEntry.findMany({ orderBy: { id: "asc" } });
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.deploymentLock.deleteMany();
  await database.db.auditEntry.deleteMany();
});
const refusal = (reason: string, message: RegExp) => ({
  code: "PRECONDITION",
  message: expect.stringMatching(message),
  details: expect.objectContaining({ reason }),
});
const operator = (ctx: TestContext): TestContext => ({
  ...ctx,
  actor: actor({ role: "operator", id: "usr_op", name: "Olga" }),
});

describe("a lock", () => {
  let ctx: TestContext;
  beforeEach(() => {
    ctx = testContext(database);
  });

  it("is written, audited and told to browsers, once for the same person and reason", async () => {
    const lock = await lockService(ctx, { ...ref, reason: "inventory" });
    expect(lock).toMatchObject({ ...ref, reason: "inventory", by: { name: "Ada" } });
    expect(await lockService(ctx, { ...ref, reason: "inventory" })).toEqual(lock);
    expect((await audit()).map((entry) => [entry.action, entry.outcome, entry.targetId])).toEqual([
      ["deployment.lock", "done", "checkout/production"],
    ]);
    expect(ctx.published).toEqual([{ topic: "service", subjectId: "checkout/production" }]);
  });

  it("of another is not taken over, and its holder is named", async () => {
    await lockService(ctx, { ...ref, reason: "inventory" });
    await expect(lockService(operator(ctx), { ...ref, reason: "my turn" })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("already locked by Ada: inventory"),
      details: { lock: { by: { name: "Ada" } } },
    });
  });

  it("of two at once one wins", async () => {
    const both = await Promise.allSettled([
      lockService(ctx, { ...ref, reason: "first" }),
      lockService(operator(ctx), { ...ref, reason: "second" }),
    ]);
    expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await database.db.deploymentLock.count()).toBe(1);
  });

  it("forbids deployments there and nowhere else, until it is taken away", async () => {
    await lockService(ctx, { ...ref, reason: "inventory" });
    const locked = refusal(
      "locked",
      /^checkout in production is locked by Ada since .*: inventory\. Ask Ada, or unlock it\./,
    );
    await expect(deployApplication(ctx, wish)).rejects.toMatchObject(locked);
    await expect(deployApplication(ctx, { ...wish, dryRun: true })).rejects.toMatchObject(locked);
    await deployApplication(ctx, { ...wish, environment: "staging" });
    await deployApplication(ctx, { ...wish, service: "payments" });
    expect(await unlockService(operator(ctx), ref)).toMatchObject({ removed: { reason: "inventory" } });
    expect(await unlockService(operator(ctx), ref)).toEqual({ removed: null });
    expect((await deployApplication(ctx, wish)).deployment).toMatchObject(wish);
    const done = (await audit()).filter((entry) => entry.outcome === "done");
    expect(done.filter((entry) => entry.action === "deployment.unlock")).toMatchObject([{ actorName: "Olga" }]);
  });

  it("that comes between the check and the write still counts", async () => {
    const real = ctx.platform.traffic.trafficSince;
    ctx.platform.traffic.trafficSince = async (since) => {
      await lockService(operator(ctx), { ...ref, reason: "at the last moment" });
      return real(since);
    };
    await expect(deployApplication(ctx, wish)).rejects.toMatchObject(refusal("locked", /at the last moment/));
    expect(await database.db.deployment.count()).toBe(0);
  });

  it.each([{ service: "chekout" }, { environment: "qa" }])("of %o is refused", async (wrong) => {
    await expect(lockService(ctx, { ...ref, ...wrong, reason: "inventory" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(unlockService(ctx, { ...ref, ...wrong })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.each(["viewer", "responder"] as const)("a %s neither puts nor takes it", async (role) => {
    const denied = { ...ctx, actor: actor({ role, name: "Eve" }) };
    await lockService(ctx, { ...ref, reason: "inventory" });
    await expect(lockService(denied, { ...ref, environment: "staging", reason: "mine" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(unlockService(denied, ref)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await audit()).slice(1).map((entry) => [entry.action, entry.outcome])).toEqual([
      ["deployment.lock", "refused"],
      ["deployment.unlock", "refused"],
    ]);
    expect(await database.db.deploymentLock.count()).toBe(1);
  });
});

describe("a freeze window", () => {
  const weekend = {
    name: "weekend",
    days: ["sat", "sun"],
    start: "00:00",
    end: "00:00",
    timeZone: "Europe/Zurich",
    environments: ["production"],
  };
  const config = testConfig({ deploymentConfig: { freezeWindows: [weekend] } } as never);
  const on = (at: string) => testContext(database, { config, now: () => new Date(at) });

  it("forbids what is new where it applies, and only while it lasts", async () => {
    const frozen = refusal(
      "frozen",
      /^production is frozen until 2026-11-29 23:00 UTC \(weekend\): .*rolling back is allowed/,
    );
    await expect(deployApplication(on("2026-11-27T23:00:00Z"), wish)).rejects.toMatchObject(frozen);
    await deployApplication(on("2026-11-27T23:00:00Z"), { ...wish, environment: "staging" });
    await deployApplication(on("2026-11-27T22:59:59Z"), wish);
  });

  it("is named by the policy, now and next", async () => {
    expect(await getPolicy(on("2026-11-28T12:00:00Z"), {})).toEqual({
      locks: [],
      freezes: [{ name: "weekend", until: "2026-11-28T23:00:00.000Z", environments: ["production"], services: [] }],
      nextFreeze: { name: "weekend", from: "2026-11-28T23:00:00.000Z", until: "2026-11-29T23:00:00.000Z" },
    });
    expect(await getPolicy(on("2026-11-28T12:00:00Z"), { environment: "staging" })).toEqual({
      locks: [],
      freezes: [],
      nextFreeze: null,
    });
  });

  it("that comes soon is in the plan", async () => {
    const { plan } = await deployApplication(on("2026-11-27T22:30:00Z"), { ...wish, dryRun: true });
    expect(plan.warnings.map((one) => one.message)).toEqual([expect.stringContaining("weekend begins in 30 min")]);
  });
});

describe("a wave", () => {
  const config = testConfig({ deploymentConfig: { waves: [{ environment: "production", requires: ["staging"] }] } });
  const deployed = async (ctx: TestContext, ending: "succeeded" | "failed", watchState: WatchState | null = null) => {
    const { deployment } = await deployApplication(ctx, { ...wish, environment: "staging" });
    await end(ctx, deployment!.id, ending, "over");
    await database.db.deployment.update({ where: { id: deployment!.id }, data: { watchState } });
  };

  it.each<[string, "succeeded" | "failed", WatchState | null, boolean]>([
    ["succeeded there", "succeeded", null, true],
    ["passed its watch there", "succeeded", "passed", true],
    ["was kept there by a person", "succeeded", "kept", true],
    ["regressed there", "succeeded", "regressed", false],
    ["failed there", "failed", null, false],
  ])("a version that %s", async (_, ending, watchState, passes) => {
    const ctx = testContext(database, { config });
    await deployed(ctx, ending, watchState);
    const asked = deployApplication(ctx, { ...wish, dryRun: true });
    if (passes) expect((await asked).plan.warnings.map((one) => one.message)).toEqual([]);
    else await expect(asked).rejects.toMatchObject(refusal("wave", /^production takes only what passed in staging/));
  });

  it("that is still watched there passes with a word", async () => {
    const ctx = testContext(database, { config });
    await deployed(ctx, "succeeded", "watching");
    const { plan } = await deployApplication(ctx, { ...wish, dryRun: true });
    expect(plan.warnings.map((one) => one.message)).toEqual(["1.1.0 is still being watched in staging."]);
  });

  it("that was never there is told where to begin; the newest time there counts", async () => {
    const ctx = testContext(database, { config });
    await expect(deployApplication(ctx, wish)).rejects.toMatchObject(
      refusal("wave", /checkout 1\.1\.0 has no successful deployment there\. Deploy it to staging first\./),
    );
    await deployed(ctx, "succeeded", "regressed");
    await deployed(ctx, "succeeded", "passed");
    expect((await deployApplication(ctx, wish)).deployment).toMatchObject(wish);
  });

  it("what has run there everywhere from the start has passed; not when only a part runs it", async () => {
    const ctx = testContext(database, { config });
    const production = ctx.platform.services.get("checkout/production")!;
    for (const one of production.instances) one.version = "1.2.0";
    const back = { ...ref, version: "1.0.0", dryRun: true };
    expect((await deployApplication(ctx, back)).plan.summary).toContain("to 3 instances of 1.0.0");
    ctx.platform.services.get("checkout/staging")!.instances[0]!.version = "1.2.0";
    await expect(deployApplication(ctx, back)).rejects.toMatchObject(refusal("wave", /staging/));
  });

  it("asks nothing of an environment the service does not run in", async () => {
    const alone = testConfig({
      deploymentConfig: { waves: [{ environment: "production", requires: ["staging"] }] },
      services: [
        {
          name: "checkout",
          local: { command: ["x"], versions: [{ version: "1.0.0" }, { version: "1.1.0" }] },
          environments: { production: { initialVersion: "1.0.0" } },
        },
      ],
    });
    expect((await deployApplication(testContext(database, { config: alone }), wish)).deployment).toMatchObject(wish);
  });
});

describe("setting it aside", () => {
  const config = testConfig({
    deploymentConfig: {
      waves: [{ environment: "production", requires: ["staging"] }],
      freezeWindows: [{ name: "year's end", from: "2026-01-01T00:00:00Z", to: "2036-01-01T00:00:00Z" }],
    },
  });
  const overrideReason = "customers cannot pay";

  it("an administrator does, with a reason that is on record and on the timeline", async () => {
    const ctx = testContext(database, { config });
    await lockService(ctx, { ...ref, reason: "inventory" });
    await expect(deployApplication(ctx, wish)).rejects.toMatchObject({
      details: { reason: "locked", obstacles: [{ reason: "locked" }, { reason: "frozen" }, { reason: "wave" }] },
    });
    const dry = await deployApplication(ctx, { ...wish, overrideReason, dryRun: true });
    expect(dry.plan.warnings.filter((one) => one.message.startsWith("Set aside by you:"))).toHaveLength(3);
    const { deployment } = await deployApplication(ctx, { ...wish, overrideReason });
    const { events } = await getDeployment(ctx, { deploymentId: deployment!.id });
    expect(events.at(-1)).toMatchObject({
      level: "warning",
      message: `Ada set aside what stood against it: ${overrideReason}`,
      detail: {
        obstacles: [
          expect.stringContaining("inventory"),
          expect.stringContaining("year's end"),
          expect.stringContaining("staging"),
        ],
      },
    });
    expect((await audit()).at(-1)).toMatchObject({
      action: "deployment.start",
      outcome: "done",
      reason: overrideReason,
    });
  });

  it("an operator may not, even where nothing stands against it", async () => {
    const ctx = operator(testContext(database, { config }));
    const plain = operator(testContext(database));
    for (const one of [ctx, plain]) {
      await expect(deployApplication(one, { ...wish, overrideReason })).rejects.toMatchObject({
        code: "FORBIDDEN",
        details: { permission: "deployment.override.write", needs: "admin" },
      });
      await expect(deployApplication(one, { ...wish, overrideReason, dryRun: true })).rejects.toMatchObject({
        code: "FORBIDDEN",
      });
    }
    expect((await audit()).map((entry) => entry.outcome)).toEqual(["refused", "refused"]);
    expect(await database.db.deployment.count()).toBe(0);
  });

  it("where nothing stands against it nothing is set aside", async () => {
    const ctx = testContext(database);
    const { deployment } = await deployApplication(ctx, { ...wish, overrideReason });
    const { events } = await getDeployment(ctx, { deploymentId: deployment!.id });
    expect(events).toHaveLength(1);
    expect((await audit()).at(-1)?.reason).toBeNull();
  });
});
