import { beforeEach, describe, expect, it } from "vitest";
import { actor, type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { AppError } from "../kernel/errors.ts";
import { cancelDeployment } from "./cancel-deployment.ts";
import { deployApplication } from "./deploy-application.ts";
import { getDeployment } from "./get-deployment.ts";
import { listDeployments } from "./list-deployments.ts";
import { end } from "./record.ts";

const database = useDatabase();
let ctx: TestContext;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.auditEntry.deleteMany();
  ctx = testContext(database);
});
const wish = { service: "checkout", environment: "production", version: "1.1.0" };
const audit = () => database.db.auditEntry.findMany({ orderBy: { id: "asc" } });

describe("starting", () => {
  it("records it with its first event, audit entry and hints, and starts the workflow", async () => {
    const { deployment, plan, dryRun } = await deployApplication(ctx, wish);
    expect(dryRun).toBe(false);
    expect(plan[0]).toBe("checkout in production: from 3 instances of 1.0.0 to 3 instances of 1.1.0.");
    expect(deployment).toMatchObject({ ...wish, status: "queued", previousVersion: "1.0.0", strategy: "rolling" });
    expect(ctx.started).toEqual([`deployment:${deployment!.id}`]);
    const seen = await getDeployment(ctx, { deploymentId: deployment!.id });
    expect(seen.events.map((event) => event.message)).toEqual([
      "Ada asked for checkout 1.1.0 in production, from 1.0.0",
    ]);
    expect(seen.progress).toEqual({ onNewVersion: 0, wanted: 3 });
    expect(seen.instances).toHaveLength(3);
    expect(await audit()).toMatchObject([
      {
        action: "deployment.start",
        outcome: "done",
        actorName: "Ada",
        targetId: deployment!.id,
        before: { version: "1.0.0" },
      },
    ]);
    expect(ctx.published).toEqual([
      { topic: "deployment", subjectId: deployment!.id },
      { topic: "service", subjectId: "checkout/production" },
    ]);
  });

  it("a dry run returns the plan and writes nothing", async () => {
    const result = await deployApplication(ctx, { ...wish, dryRun: true });
    expect(result).toMatchObject({ dryRun: true, deployment: null });
    expect(result.plan).toHaveLength(7);
    expect([await database.db.deployment.count(), (await audit()).length, ctx.published, ctx.started]).toEqual([
      0,
      0,
      [],
      [],
    ]);
  });

  it("of many at once lets one through and names it to the others", async () => {
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => deployApplication(ctx, wish)));
    const won = results.filter((one) => one.status === "fulfilled");
    expect(won).toHaveLength(1);
    const id = won[0]!.value.deployment!.id;
    for (const one of results)
      if (one.status === "rejected")
        expect(one.reason).toMatchObject({ code: "CONFLICT", details: { deploymentId: id } });
    expect(await database.db.deployment.count()).toBe(1);
    expect((await audit()).map((entry) => entry.outcome).sort()).toEqual(["done", ...Array(5).fill("refused")]);
  });

  it("lets another environment through, and the same one again when the first has ended", async () => {
    const first = await deployApplication(ctx, wish);
    await deployApplication(ctx, { ...wish, environment: "staging" });
    await expect(deployApplication(ctx, { ...wish, dryRun: true })).rejects.toMatchObject({ code: "CONFLICT" });
    await end(ctx, first.deployment!.id, "failed", "broken");
    expect((await deployApplication(ctx, wish)).deployment?.status).toBe("queued");
  });

  it.each([
    [{ version: "9.9.9" }, "NOT_FOUND"],
    [{ environment: "qa" }, "NOT_FOUND"],
    [{ service: undefined }, "INVALID"],
    [{ version: "1.0.0" }, "PRECONDITION"],
  ])("refuses %o, records the refusal and stores nothing", async (change, code) => {
    await expect(deployApplication(ctx, { ...wish, ...change })).rejects.toMatchObject({ code });
    expect(await audit()).toMatchObject([{ action: "deployment.start", outcome: "refused", errorCode: code }]);
    expect(await database.db.deployment.count()).toBe(0);
  });

  it("is refused while the platform is away", async () => {
    ctx.platform.unreachable = true;
    await expect(deployApplication(ctx, wish)).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
  });

  it("stands when only the queue is away: a worker finds it", async () => {
    ctx.workflows = { ...ctx.workflows, start: () => Promise.reject(new AppError("UPSTREAM_UNAVAILABLE", "away")) };
    expect((await deployApplication(ctx, wish)).deployment?.status).toBe("queued");
  });

  it("leaves nothing when its audit entry cannot be written", async () => {
    const broken = testContext(database, { audit: { record: () => Promise.reject(new Error("disk full")) } });
    await expect(deployApplication(broken, wish)).rejects.toMatchObject({ code: "INTERNAL" });
    expect([await database.db.deployment.count(), await database.db.deploymentEvent.count(), broken.started]).toEqual([
      0,
      0,
      [],
    ]);
  });
});

describe("cancelling", () => {
  it("is noted once and wakes the workflow", async () => {
    const { deployment } = await deployApplication(ctx, wish);
    const deploymentId = deployment!.id;
    for (let i = 0; i < 2; i++)
      expect(await cancelDeployment(ctx, { deploymentId, reason: "wrong one" })).toMatchObject({
        cancelRequested: true,
      });
    const { events } = await getDeployment(ctx, { deploymentId });
    expect(events.map((event) => event.message).slice(1)).toEqual(["Ada cancelled it: wrong one"]);
    expect(ctx.nudged).toContain(deploymentId);
    expect((await audit()).map((entry) => entry.action)).toEqual(["deployment.start", "deployment.cancel"]);
  });

  it("is refused for one that has ended, and for one that is not there", async () => {
    const { deployment } = await deployApplication(ctx, wish);
    await end(ctx, deployment!.id, "succeeded", "done");
    await expect(cancelDeployment(ctx, { deploymentId: deployment!.id })).rejects.toMatchObject({
      code: "PRECONDITION",
    });
    await expect(cancelDeployment(ctx, { deploymentId: "dep_x" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

it.each(["viewer", "responder"] as const)(
  "a %s may neither start nor cancel, and the refusals are recorded",
  async (role) => {
    const { deployment } = await deployApplication(ctx, wish);
    await database.db.auditEntry.deleteMany();
    const denied = testContext(database, { actor: actor({ role, name: "Eve" }) });
    await expect(deployApplication(denied, { ...wish, environment: "staging" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(deployApplication(denied, { ...wish, dryRun: true })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(cancelDeployment(denied, { deploymentId: deployment!.id })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    expect((await audit()).map((entry) => [entry.action, entry.outcome, entry.actorName])).toEqual([
      ["deployment.start", "refused", "Eve"],
      ["deployment.cancel", "refused", "Eve"],
    ]);
    expect((await getDeployment(denied, { deploymentId: deployment!.id })).deployment.cancelRequested).toBe(false);
  },
);

it("reads without the platform", async () => {
  const { deployment } = await deployApplication(ctx, wish);
  ctx.platform.unreachable = true;
  expect(await getDeployment(ctx, { deploymentId: deployment!.id })).toMatchObject({ instances: [], deployment: wish });
});

it("lists page by page, newest first, filtered", async () => {
  const ids: string[] = [];
  for (const version of ["1.1.0", "1.2.0", "1.1.0"]) {
    const { deployment } = await deployApplication(ctx, { ...wish, version });
    ids.unshift(deployment!.id);
    await end(ctx, deployment!.id, version === "1.2.0" ? "failed" : "succeeded", "over");
  }
  const first = await listDeployments(ctx, { limit: 2 });
  expect(first.items.map((one) => one.id)).toEqual(ids.slice(0, 2));
  const second = await listDeployments(ctx, { limit: 2, cursor: first.nextCursor! });
  expect(second).toMatchObject({ items: [{ id: ids[2] }], nextCursor: null });
  expect((await listDeployments(ctx, { limit: 9, status: ["failed"] })).items).toHaveLength(1);
  expect((await listDeployments(ctx, { limit: 9, service: "payments" })).items).toEqual([]);
});
