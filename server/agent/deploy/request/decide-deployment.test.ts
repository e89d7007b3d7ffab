import { beforeEach, describe, expect, it } from "vitest";
import { actor, type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { getDeployment } from "#server/testing/deploy/get-deployment.ts";
import { AppError } from "../../kernel/errors.ts";
import { lockService } from "../../policy/lock.ts";
import { end } from "../record/record.ts";
import { patchDeployment } from "../record/store.ts";
import { DecideDeploymentInput, type Decision, type Waiting } from "../schema.ts";
import { decideDeployment } from "./decide-deployment.ts";
import { deployApplication } from "./deploy-application.ts";

const database = useDatabase();
const ref = { service: "checkout", environment: "production" };
let ctx: TestContext;
let bob: TestContext;
let deploymentId: string;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.deploymentLock.deleteMany();
  ctx = testContext(database);
  bob = { ...ctx, actor: actor({ id: "usr_bob", name: "Bob", role: "operator" }) };
  const { deployment } = await deployApplication(ctx, { ...ref, version: "1.1.0", strategy: "canary" });
  deploymentId = deployment!.id;
  await database.db.auditEntry.deleteMany();
  ctx.published.length = 0;
  ctx.started.length = 0;
});
const audit = () => database.db.auditEntry.findMany({ orderBy: { id: "asc" } });
const patch = (change: Parameters<typeof patchDeployment>[2]) =>
  database.db.$transaction((tx) => patchDeployment(tx, deploymentId, change));
const decide = (decision: Decision, as: TestContext = ctx, more: object = {}) =>
  decideDeployment(as, DecideDeploymentInput.parse({ deploymentId, decision, ...more }));
const asks = (options: Decision[], kind: Waiting["kind"] = "failed") => {
  const at = new Date().toISOString();
  return { id: "wait_1", kind, reason: "p95 is worse", since: at, expiresAt: at, options, stepIndex: 2 };
};
const rows = () => database.db.deploymentDecision.findMany({ orderBy: { seq: "asc" } });

describe("a decision about one that waits", () => {
  beforeEach(() => patch({ status: "paused", waiting: asks(["promote", "retry", "rollback", "abort"]) }));

  it("is a row, an event, an audit entry and a hint, and wakes the procedure", async () => {
    const { deployment, started } = await decide("promote", ctx, { reason: "noise of a batch job" });
    expect(deployment).toMatchObject({ id: deploymentId, status: "paused", waiting: { id: "wait_1" } });
    expect(started).toBeNull();
    const { decisions, events } = await getDeployment(ctx, { deploymentId });
    expect(decisions).toMatchObject([
      {
        decision: "promote",
        scope: "step",
        reason: "noise of a batch job",
        by: { name: "Ada" },
        via: "web",
        stepIndex: 2,
      },
    ]);
    expect(events.at(-1)).toMatchObject({
      kind: "decision",
      message: "Ada decided to promote it: noise of a batch job",
    });
    expect(await audit()).toMatchObject([
      {
        action: "deployment.decide",
        outcome: "done",
        targetId: deploymentId,
        after: { decision: "promote", waitingId: "wait_1", service: "checkout", environment: "production" },
      },
    ]);
    expect(ctx.published.map((one) => one.topic)).toEqual(["deployment", "service"]);
    expect(ctx.nudged).toContain(deploymentId);
  });

  it.each(Array.from({ length: 5 }, (_, i) => i))(
    "of two at once one counts, and the other is told who it was (%i)",
    async () => {
      const both = await Promise.allSettled([decide("promote"), decide("rollback", bob)]);
      const [made] = await rows();
      expect(await rows()).toHaveLength(1);
      const lost = both.filter((one) => one.status === "rejected");
      expect(lost).toHaveLength(1);
      const winner = made!.actorName;
      expect(lost[0]!.reason).toMatchObject({
        code: "CONFLICT",
        message: expect.stringContaining(`${winner} has already decided to`),
        details: { by: winner, decision: made!.decision },
      });
      expect((await audit()).map((entry) => [entry.outcome, entry.errorCode])).toEqual(
        expect.arrayContaining([
          ["done", null],
          ["refused", "CONFLICT"],
        ]),
      );
    },
  );

  it("of ten at once, by different people, one counts", async () => {
    const people = Array.from({ length: 10 }, (_, i) => ({
      ...ctx,
      actor: actor({ id: `usr_${i}`, name: `Person ${i}` }),
    }));
    const all = await Promise.allSettled(people.map((one) => decide("retry", one)));
    expect(all.filter((one) => one.status === "fulfilled")).toHaveLength(1);
    expect(await rows()).toHaveLength(1);
  });

  it("again by the same person is the same", async () => {
    const all = await Promise.all([decide("retry"), decide("retry"), decide("retry")]);
    expect(all.map(({ deployment }) => deployment.id)).toEqual([deploymentId, deploymentId, deploymentId]);
    expect([(await rows()).length, (await audit()).length]).toEqual([1, 1]);
  });

  it("that is no option is refused with those there are, and the refusal is on record", async () => {
    await patch({ waiting: asks(["rollback", "abort"]) });
    await expect(decide("retry")).rejects.toMatchObject({
      code: "PRECONDITION",
      details: { allowed: ["rollback", "abort"] },
    });
    expect(await audit()).toMatchObject([
      { action: "deployment.decide", outcome: "refused", errorCode: "PRECONDITION" },
    ]);
    expect(await rows()).toEqual([]);
  });

  it("stands when only the queue is away", async () => {
    const away = { ...ctx.workflows, nudge: () => Promise.reject(new AppError("UPSTREAM_UNAVAILABLE", "away")) };
    await decide("promote", { ...ctx, workflows: away });
    expect(await rows()).toHaveLength(1);
  });

  it("leaves nothing when its audit entry cannot be written", async () => {
    const broken = { ...ctx, audit: { record: () => Promise.reject(new Error("disk full")) } };
    await expect(decide("promote", broken)).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await rows()).toEqual([]);
    expect((await getDeployment(ctx, { deploymentId })).events).toHaveLength(1);
  });
});

describe("stepping in", () => {
  it("abort cancels one that is queued", async () => {
    expect((await decide("abort", ctx, { reason: "wrong one" })).deployment.cancelRequested).toBe(true);
    await decide("abort");
    expect(await rows()).toHaveLength(1);
    await expect(decide("abort", bob)).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("Ada"),
    });
    const { events } = await getDeployment(ctx, { deploymentId });
    expect(events.at(-1)).toMatchObject({ level: "warning", message: "Ada decided to abort it: wrong one" });
  });

  it("pauses, resumes and rolls back one that runs", async () => {
    await patch({ status: "running" });
    await decide("pause");
    await expect(decide("pause", bob)).rejects.toMatchObject({ code: "CONFLICT" });
    await decide("resume", bob);
    await decide("rollback");
    await expect(decide("promote", bob)).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await rows()).map((row) => `${row.actorName} ${row.decision}`)).toEqual([
      "Ada pause",
      "Bob resume",
      "Ada rollback",
    ]);
  });

  it.each<[Decision]>([["promote"], ["retry"], ["resume"], ["rollback"], ["pause"]])(
    "%s is no use while it is queued",
    async (decision) => {
      await expect(decide(decision)).rejects.toMatchObject({ code: "PRECONDITION", details: { allowed: ["abort"] } });
    },
  );

  it("is refused for one that is not there", async () => {
    await expect(decide("abort", ctx, { deploymentId: "dep_x" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(decide("rollback", ctx, { deploymentId: "dep_x" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.each(["viewer", "responder"] as const)("a %s may not, and the refusals are recorded", async (role) => {
    const eve = { ...ctx, actor: actor({ role, name: "Eve" }) };
    for (const decision of ["abort", "rollback", "promote"] as const)
      await expect(decide(decision, eve)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await audit()).map((entry) => [entry.action, entry.outcome, entry.actorName])).toEqual(
      Array(3).fill(["deployment.decide", "refused", "Eve"]),
    );
    expect(await rows()).toEqual([]);
  });
});

describe("of one that has ended", () => {
  /** As if it had been carried out. */
  const succeed = async () => {
    for (const one of ctx.platform.services.get("checkout/production")!.instances) one.version = "1.1.0";
    await end(ctx, deploymentId, "succeeded", "1.1.0 serves");
    await database.db.auditEntry.deleteMany();
  };

  it("rollback starts one of its own, past hooks and judge", async () => {
    await succeed();
    const { deployment, started } = await decide("rollback", bob, { reason: "orders are lost" });
    expect(deployment).toMatchObject({ id: deploymentId, status: "succeeded" });
    expect(started).toMatchObject({
      ...{ kind: "rollback", rollbackOf: deploymentId, strategy: "restore", status: "queued" },
      ...{ version: "1.0.0", previousVersion: "1.1.0", reason: "orders are lost", requestedBy: { name: "Bob" } },
    });
    expect(ctx.started).toEqual([`deployment:${started!.id}`]);
    expect((await audit()).map((entry) => [entry.action, entry.targetId])).toEqual([
      ["deployment.decide", deploymentId],
      ["deployment.rollback", started!.id],
    ]);
    const { events } = await getDeployment(ctx, { deploymentId: started!.id });
    expect(events[0]?.message).toBe("Bob rolls checkout in production back to 1.0.0, from 1.1.0: orders are lost");
  });

  it("of two at once one starts it; repeated by the same person it is the same", async () => {
    await succeed();
    const both = await Promise.allSettled([decide("rollback"), decide("rollback", bob)]);
    const won = both.find((one) => one.status === "fulfilled")!.value.started!;
    expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await database.db.deployment.count()).toBe(2);
    const [winner, loser] = won.requestedBy.name === "Ada" ? [ctx, bob] : [bob, ctx];
    expect((await decide("rollback", winner)).started?.id).toBe(won.id);
    await expect(decide("rollback", loser)).rejects.toMatchObject({
      code: "CONFLICT",
      details: { by: winner.actor.name },
    });
    expect(await rows()).toHaveLength(1);
  });

  it("rollback again by who told it to go back while it ran changes nothing", async () => {
    await patch({ status: "running" });
    await decide("rollback");
    await database.db.$transaction((tx) => patchDeployment(tx, deploymentId, { status: "rolled_back" }));
    for (const one of ctx.platform.services.get("checkout/production")!.instances) one.version = "1.0.0";
    const [before, audited] = [await rows(), await audit()];
    expect(await decide("rollback")).toMatchObject({ deployment: { status: "rolled_back" }, started: null });
    expect([(await rows()).length, (await audit()).length]).toEqual([before.length, audited.length]);
    await expect(decide("rollback", bob)).rejects.toMatchObject({ code: "PRECONDITION" });
  });

  it("nothing else is left to decide", async () => {
    await succeed();
    for (const decision of ["promote", "retry", "abort", "pause", "resume"] as const)
      await expect(decide(decision)).rejects.toMatchObject({
        code: "PRECONDITION",
        message: expect.stringContaining("has ended"),
      });
  });

  it("one that failed half-way goes back to what ran before it", async () => {
    ctx.platform.services.get("checkout/production")!.instances[0]!.version = "1.1.0";
    await end(ctx, deploymentId, "failed", "1 × 1.1.0, 2 × 1.0.0");
    expect((await decide("rollback")).started).toMatchObject({ version: "1.0.0", previousVersion: "1.1.0" });
  });

  it("not where its version does not run any more", async () => {
    await end(ctx, deploymentId, "rolled_back", "1.0.0 serves again");
    await expect(decide("rollback")).rejects.toMatchObject({
      code: "PRECONDITION",
      message: `1.1.0 does not run in production any more, so there is nothing of ${deploymentId} to roll back. checkout runs 1.0.0.`,
    });
  });

  it("a lock stands against it, unless the deployment itself asked", async () => {
    await succeed();
    await lockService(ctx, { ...ref, reason: "inventory" });
    await expect(decide("rollback")).rejects.toMatchObject({ code: "PRECONDITION", details: { reason: "locked" } });
    await patch({ waiting: asks(["rollback", "promote"], "regressed") });
    expect((await decide("rollback")).started).toMatchObject({ version: "1.0.0" });
  });

  it("that regressed is kept by a person", async () => {
    await succeed();
    await patch({ watchState: "watching", waiting: asks(["rollback", "promote"], "regressed") });
    const { deployment, started } = await decide("promote", ctx, { reason: "the batch job again" });
    expect({ waiting: deployment.waiting, watchState: deployment.watchState, started }).toEqual({
      ...{ waiting: null, watchState: "kept", started: null },
    });
    await expect(decide("promote", bob)).rejects.toMatchObject({ code: "CONFLICT", details: { by: "Ada" } });
  });

  it.each([0, 1, 2])("that regressed is rolled back by a person; both at once, one counts (%i)", async () => {
    await succeed();
    await patch({ watchState: "watching", waiting: asks(["rollback", "promote"], "regressed") });
    const both = await Promise.allSettled([decide("rollback"), decide("promote", bob)]);
    expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
    const [made] = await rows();
    const { deployment } = await getDeployment(ctx, { deploymentId });
    expect(deployment).toMatchObject({
      waiting: null,
      watchState: made!.decision === "rollback" ? "regressed" : "kept",
    });
    expect(await database.db.deployment.count()).toBe(made!.decision === "rollback" ? 2 : 1);
  });
});
