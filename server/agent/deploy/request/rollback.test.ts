import { beforeEach, describe, expect, it } from "vitest";
import { actor, type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { getDeployment } from "#server/testing/deploy/get-deployment.ts";
import { systemActor } from "../../kernel/actor.ts";
import { lockService } from "../../policy/lock.ts";
import { end } from "../record/record.ts";
import { RollbackInput } from "../schema.ts";
import { deployApplication } from "./deploy-application.ts";
import { rollbackDeployment, startRollback } from "./rollback.ts";

const database = useDatabase();
const ref = { service: "checkout", environment: "production" };
let ctx: TestContext;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.deploymentLock.deleteMany();
  await database.db.auditEntry.deleteMany();
  ctx = testContext(database);
});
const audit = () => database.db.auditEntry.findMany({ orderBy: { id: "asc" } });
const back = (change: object = {}, as: TestContext = ctx) =>
  rollbackDeployment(as, RollbackInput.parse({ ...ref, ...change }));

/** Deploys a version as if it had been carried out and watched. */
async function deployed(version: string, as: TestContext = ctx): Promise<string> {
  const { deployment } = await deployApplication(as, { ...ref, version });
  await end(as, deployment!.id, "succeeded", `${version} serves`);
  await database.db.deployment.update({ where: { id: deployment!.id }, data: { watchState: "passed" } });
  for (const one of as.platform.services.get("checkout/production")!.instances) one.version = version;
  return deployment!.id;
}

describe("rolling back", () => {
  it("to the last known good version is a restore: no hooks, no judge", async () => {
    const id = await deployed("1.1.0");
    await database.db.auditEntry.deleteMany();
    const { deployment, plan } = await back({ reason: "orders are lost" });
    expect(deployment).toMatchObject({
      ...{ kind: "rollback", rollbackOf: id, strategy: "restore", status: "queued", reason: "orders are lost" },
      ...{ version: "1.0.0", previousVersion: "1.1.0" },
    });
    expect(plan.strategy).toBe("restore");
    const { steps } = await getDeployment(ctx, { deploymentId: deployment!.id });
    expect(steps.map((step) => step.kind)).toEqual(["bring_up", "weight", "retire"]);
    expect(steps.map((step) => step.title)).toEqual(plan.steps.map((step) => step.title));
    expect(ctx.started.at(-1)).toBe(`deployment:${deployment!.id}`);
    expect(await audit()).toMatchObject([
      {
        action: "deployment.rollback",
        outcome: "done",
        targetId: deployment!.id,
        before: { version: "1.1.0", deploymentId: id },
      },
    ]);
  });

  it("to an earlier good version goes by the configured strategy", async () => {
    const config = testConfig({ deploymentConfig: { rolloutStrategy: "canary" } });
    const as = testContext(database, { config });
    await deployed("1.1.0", as);
    await deployed("1.2.0", as);
    expect((await back({ version: "1.1.0", dryRun: true }, as)).plan.strategy).toBe("restore");
    const { deployment } = await back({ version: "1.0.0" }, as);
    expect(deployment).toMatchObject({
      kind: "rollback",
      strategy: "canary",
      version: "1.0.0",
      previousVersion: "1.2.0",
    });
  });

  it("a dry run shows it and writes nothing", async () => {
    await deployed("1.1.0");
    const before = await database.db.deployment.count();
    const { plan, deployment } = await back({ dryRun: true });
    expect(plan.summary).toBe("checkout in production: from 3 instances of 1.1.0 to 3 instances of 1.0.0.");
    expect([deployment, await database.db.deployment.count()]).toEqual([null, before]);
  });

  it("is allowed in a freeze window and past the waves", async () => {
    await deployed("1.1.0");
    const config = testConfig({
      deploymentConfig: {
        waves: [{ environment: "production", requires: ["staging"] }],
        freezeWindows: [{ name: "year's end", from: "2026-01-01T00:00:00Z", to: "2036-01-01T00:00:00Z" }],
      },
    });
    const frozen = { ...testContext(database, { config }), platform: ctx.platform };
    await expect(deployApplication(frozen, { ...ref, version: "1.2.0" })).rejects.toMatchObject({
      code: "PRECONDITION",
    });
    expect((await back({}, frozen)).deployment).toMatchObject({ version: "1.0.0" });
  });

  it("a lock stands against it, and an administrator may set that aside", async () => {
    await deployed("1.1.0");
    await lockService(ctx, { ...ref, reason: "inventory" });
    const locked = { code: "PRECONDITION", details: { reason: "locked" } };
    await expect(back()).rejects.toMatchObject(locked);
    await expect(back({ dryRun: true })).rejects.toMatchObject(locked);
    const overrideReason = "customers cannot pay";
    const olga = { ...ctx, actor: actor({ role: "operator", name: "Olga" }) };
    await expect(back({ overrideReason }, olga)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const { deployment } = await back({ overrideReason });
    const { events } = await getDeployment(ctx, { deploymentId: deployment!.id });
    expect(events.at(-1)?.message).toBe(`Ada set aside what stood against it: ${overrideReason}`);
    expect((await audit()).at(-1)).toMatchObject({ action: "deployment.rollback", reason: overrideReason });
  });

  it("names the good versions when asked for another one", async () => {
    await deployed("1.1.0");
    await expect(back({ version: "1.2.0" })).rejects.toMatchObject({
      code: "PRECONDITION",
      message: "1.2.0 is not among the last versions of checkout in production that served well. Good versions: 1.0.0.",
      details: { allowed: ["1.0.0"], currentVersion: "1.1.0" },
    });
  });

  it.each([
    [{ service: "chekout" }, "NOT_FOUND"],
    [{ environment: "qa" }, "NOT_FOUND"],
    [{}, "PRECONDITION"], // nothing but the first version ever ran
  ])("refuses %o and records it", async (change, code) => {
    await expect(back(change)).rejects.toMatchObject({ code });
    expect(await audit()).toMatchObject([{ action: "deployment.rollback", outcome: "refused", errorCode: code }]);
  });

  it("waits for no other deployment, and for no platform", async () => {
    await deployed("1.1.0");
    const { deployment } = await deployApplication(ctx, { ...ref, version: "1.2.0" });
    await expect(back()).rejects.toMatchObject({ code: "CONFLICT", details: { deploymentId: deployment!.id } });
    ctx.platform.unreachable = true;
    await expect(back()).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
  });

  it("of many at once one goes", async () => {
    await deployed("1.1.0");
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => back()));
    expect(all.filter((one) => one.status === "fulfilled")).toHaveLength(1);
    expect(await database.db.deployment.count({ where: { kind: "rollback" } })).toBe(1);
  });

  it.each(["viewer", "responder"] as const)("a %s may not", async (role) => {
    await deployed("1.1.0");
    await database.db.auditEntry.deleteMany();
    const eve = { ...ctx, actor: actor({ role, name: "Eve" }) };
    await expect(back({}, eve)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(back({ dryRun: true }, eve)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await audit()).toMatchObject([{ action: "deployment.rollback", outcome: "refused", actorName: "Eve" }]);
  });
});

describe("Operate itself, when a deployment regresses after its end", () => {
  const by = { actor: systemActor("deployment watch"), via: "worker", requestId: "req_watch" } as const;
  const start = (deploymentId: string) => startRollback(ctx, { deploymentId, by, reason: "p95 is worse" });

  it("goes back under its own name, and a repetition finds the first", async () => {
    const id = await deployed("1.1.0");
    const made = await start(id);
    expect(made).toMatchObject({
      kind: "rollback",
      rollbackOf: id,
      strategy: "restore",
      version: "1.0.0",
      actorName: "deployment watch",
    });
    expect((await start(id))?.id).toBe(made!.id);
    await end(ctx, made!.id, "succeeded", "over");
    expect((await start(id))?.id).toBe(made!.id);
    expect((await audit()).at(-2)).toMatchObject({
      action: "deployment.rollback",
      actorKind: "job",
      via: "worker",
      requestId: "req_watch",
    });
    expect(await database.db.deployment.count()).toBe(2);
  });

  it("also where a person has locked it: it is the deployment's own way back", async () => {
    const id = await deployed("1.1.0");
    await lockService(ctx, { ...ref, reason: "inventory" });
    expect(await start(id)).toMatchObject({ version: "1.0.0" });
  });

  it("does nothing while another deployment is active, or where nothing good is known", async () => {
    const id = await deployed("1.1.0");
    await deployApplication(ctx, { ...ref, version: "1.2.0" });
    expect(await start(id)).toBeNull();
  });

  it("fails while the platform is away, so that it is tried again", async () => {
    const id = await deployed("1.1.0");
    ctx.platform.unreachable = true;
    await expect(start(id)).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
  });
});
