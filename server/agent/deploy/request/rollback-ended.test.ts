import { beforeEach, describe, expect, it } from "vitest";
import { type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { getDeployment } from "#server/testing/deploy/get-deployment.ts";
import { systemActor } from "../../kernel/actor.ts";
import { lockService } from "../../policy/lock.ts";
import { end } from "../record/record.ts";
import { patchDeployment } from "../record/store.ts";
import { DecideDeploymentInput, Decision, type DeploymentStatus, type Waiting } from "../schema.ts";
import { ACTIVE_STATUSES, DEPLOYMENT_STATUSES } from "../words.ts";
import { decideDeployment } from "./decide-deployment.ts";
import { deployApplication } from "./deploy-application.ts";
import { startRollback } from "./rollback.ts";

const database = useDatabase();
const ref = { service: "checkout", environment: "production" };
let ctx: TestContext;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.deploymentLock.deleteMany();
  ctx = testContext(database);
});

const run = (version: string) => {
  for (const one of ctx.platform.services.get("checkout/production")!.instances) one.version = version;
};
type Ended = Exclude<DeploymentStatus, (typeof ACTIVE_STATUSES)[number]>;
/** Deploys a version as if it had been carried out and had ended so. */
async function ended(version: string, status: Ended): Promise<string> {
  const { deployment } = await deployApplication(ctx, { ...ref, version, strategy: "canary" });
  await end(ctx, deployment!.id, status, "over");
  if (status === "succeeded") run(version);
  return deployment!.id;
}
const decide = (deploymentId: string, decision: Decision) =>
  decideDeployment(ctx, DecideDeploymentInput.parse({ deploymentId, decision }));
const allowed = async (deploymentId: string) => (await getDeployment(ctx, { deploymentId })).allowed;

describe("rollback of a deployment that has ended", () => {
  it("is refused for one that went back, where another brought the same version, which is named", async () => {
    const first = await ended("1.1.0", "rolled_back");
    const second = await ended("1.1.0", "succeeded");
    await expect(decide(first, "rollback")).rejects.toMatchObject({
      code: "PRECONDITION",
      message: `${first} has ended (rolled back) and is not why checkout runs 1.1.0 in production. ${second} brought what runs now. To undo that, roll ${second} back.`,
      details: { deploymentId: first, broughtBy: second, allowed: [] },
    });
    expect(await database.db.deployment.count()).toBe(2);
    expect([await allowed(first), await allowed(second)]).toEqual([[], ["rollback"]]);
    expect((await decide(second, "rollback")).started).toMatchObject({ rollbackOf: second, version: "1.0.0" });
  });

  it("is refused once a later deployment has changed the version, and after it was brought again", async () => {
    const first = await ended("1.1.0", "succeeded");
    const second = await ended("1.2.0", "succeeded");
    await expect(decide(first, "rollback")).rejects.toMatchObject({
      code: "PRECONDITION",
      message: `1.1.0 does not run in production any more, so there is nothing of ${first} to roll back. checkout runs 1.2.0. ${second} brought what runs now. To undo that, roll ${second} back.`,
    });
    const third = await ended("1.1.0", "succeeded");
    for (const id of [first, second])
      await expect(decide(id, "rollback")).rejects.toMatchObject({ details: { broughtBy: third } });
    expect([await allowed(first), await allowed(second), await allowed(third)]).toEqual([[], [], ["rollback"]]);
  });

  it("is refused to who rolled it back long ago, when its version was brought again", async () => {
    const first = await ended("1.1.0", "succeeded");
    const { started } = await decide(first, "rollback");
    await end(ctx, started!.id, "succeeded", "over");
    run("1.0.0");
    expect((await decide(first, "rollback")).started?.id).toBe(started!.id);
    const again = await ended("1.1.0", "succeeded");
    await expect(decide(first, "rollback")).rejects.toMatchObject({ details: { broughtBy: again } });
  });

  it("stays possible after later ones that went back or never began", async () => {
    const first = await ended("1.1.0", "succeeded");
    await ended("1.2.0", "rolled_back");
    await ended("1.2.0", "cancelled");
    await ended("1.2.0", "failed");
    expect(await allowed(first)).toEqual(["rollback"]);
    expect((await decide(first, "rollback")).started).toMatchObject({ rollbackOf: first });
  });

  it("says so where nobody deployed what runs", async () => {
    const first = await ended("1.1.0", "rolled_back");
    run("1.1.0");
    await expect(decide(first, "rollback")).rejects.toMatchObject({
      code: "PRECONDITION",
      message: `${first} has ended (rolled back) and is not why checkout runs 1.1.0 in production. No deployment brought what runs now. To change it, deploy another version.`,
    });
  });

  it("is not offered while a lock, another deployment or an unreachable platform stands against it", async () => {
    const first = await ended("1.1.0", "succeeded");
    await lockService(ctx, { ...ref, reason: "inventory" });
    expect(await allowed(first)).toEqual([]);
    await database.db.deploymentLock.deleteMany();
    ctx.platform.unreachable = true;
    expect(await allowed(first)).toEqual([]);
    ctx.platform.unreachable = false;
    expect(await allowed(first)).toEqual(["rollback"]);
    await deployApplication(ctx, { ...ref, version: "1.2.0" });
    expect(await allowed(first)).toEqual([]);
  });

  it("is not started by the watch of one whose version a later one brought", async () => {
    const first = await ended("1.1.0", "rolled_back");
    await ended("1.1.0", "succeeded");
    const by = { actor: systemActor("deployment watch"), via: "worker", requestId: "req_watch" } as const;
    expect(await startRollback(ctx, { deploymentId: first, by, reason: "p95 is worse" })).toBeNull();
  });
});

describe("what get_deployment says is allowed is what decide_deployment accepts", () => {
  const isActive = (status: DeploymentStatus): status is (typeof ACTIVE_STATUSES)[number] =>
    (ACTIVE_STATUSES as readonly string[]).includes(status);
  const waiting = (): Waiting => {
    const at = new Date().toISOString();
    const options: Decision[] = ["promote", "rollback"];
    return { id: "wait_1", kind: "regressed", reason: "worse", since: at, expiresAt: at, options, stepIndex: null };
  };
  const LATER = [null, "rolled_back", "succeeded"] as const;
  const cases = DEPLOYMENT_STATUSES.flatMap((status) => {
    const asks = status === "succeeded" || status === "paused" ? [false, true] : [false];
    const later = isActive(status) ? [null] : LATER;
    return ["1.0.0", "1.1.0"].flatMap((runs) =>
      asks.flatMap((ask) => later.map((after) => ({ status, runs, ask, after }))),
    );
  });

  it.each(cases)("$status, $runs runs, asks: $ask, later: $after", async ({ status, runs, ask, after }) => {
    for (const decision of Decision.options) {
      await database.db.deployment.deleteMany();
      ctx = testContext(database);
      const { deployment } = await deployApplication(ctx, { ...ref, version: "1.1.0", strategy: "canary" });
      const { id } = deployment!;
      if (!isActive(status)) await end(ctx, id, status, "over");
      await database.db.$transaction((tx) => patchDeployment(tx, id, { status, waiting: ask ? waiting() : null }));
      if (after) await ended("1.2.0", after);
      run(after === "succeeded" ? "1.2.0" : runs);
      const offered = await allowed(id);
      const accepted = await decide(id, decision).then(
        () => true,
        () => false,
      );
      expect([decision, accepted]).toEqual([decision, offered.includes(decision)]);
    }
  });
});
