import { beforeEach, describe, expect, it } from "vitest";
import { type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { cancelDeployment } from "./cancel-deployment.ts";
import { deployApplication } from "./deploy-application.ts";
import type { Durable } from "./durable.ts";
import { deploymentEffects } from "./effects.ts";
import { getDeployment } from "./get-deployment.ts";
import { runDeployment } from "./workflow.ts";

const database = useDatabase();
const wish = { service: "checkout", environment: "production", version: "1.1.0" };
let ctx: TestContext;
let clockMs: number;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.incident.deleteMany();
  clockMs = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, { now: () => new Date(clockMs) });
});

/** Waiting moves the clock; every effect runs twice, as after a crash between effect and its being remembered. */
function rehearsal(
  before: (step: string, count: number) => Promise<void> | void = () => {},
): Durable & { steps: string[] } {
  const steps: string[] = [];
  return {
    steps,
    async step(name, effect) {
      steps.push(name);
      await before(name, steps.filter((one) => one === name).length);
      await effect();
      return JSON.parse(JSON.stringify((await effect()) ?? null));
    },
    wait: async (ms) => {
      clockMs += ms;
    },
  };
}

async function deploy(extra: object = {}, durable = rehearsal()) {
  const { deployment } = await deployApplication(ctx, { ...wish, ...extra });
  await runDeployment(durable, deploymentEffects(ctx), deployment!.id);
  return getDeployment(ctx, { deploymentId: deployment!.id });
}
const running = () => ctx.platform.services.get("checkout/production")!.instances;
const versions = () => running().map((one) => one.version);

describe("a deployment", () => {
  it("replaces one after the other and says each thing once", async () => {
    const { deployment, events } = await deploy();
    expect(deployment).toMatchObject({
      status: "succeeded",
      summary: "checkout in production runs 1.1.0: 3 of 3 ready.",
    });
    expect(versions()).toEqual(["1.1.0", "1.1.0", "1.1.0"]);
    expect(ctx.platform.calls.map((call) => call.split(" ")[0])).toEqual([
      "start",
      "stop",
      "start",
      "stop",
      "start",
      "stop",
    ]);
    expect(
      events.map((event) => event.message.replaceAll(/ins_\d+/g, "ins").replaceAll(/in \d+ ms/g, "at once")),
    ).toEqual([
      "Ada asked for checkout 1.1.0 in production, from 1.0.0",
      "Rolling from 1.0.0 to 1.1.0, to be done within 10 min",
      ...[1, 2, 3].flatMap((n) => [
        `Started ins with 1.1.0 (${n} of 3)`,
        "ins is ready after 0 ms",
        "Drained and stopped ins (1.0.0) at once: it runs 1.0.0",
      ]),
      "checkout in production runs 1.1.0: 3 of 3 ready.",
    ]);
    const last = await database.db.auditEntry.findFirst({
      where: { action: "deployment.finish" },
      orderBy: { id: "desc" },
    });
    expect(last).toMatchObject({ actorKind: "job", targetId: deployment.id, after: { status: "succeeded" } });
  });

  it("that never becomes ready goes back, with the reason, the last words and an incident", async () => {
    ctx.platform.neverReady.add("1.1.0");
    ctx.platform.logs = [
      { at: "2026-03-01T10:00:00Z", stream: "stdout", text: "hello" },
      { at: "2026-03-01T10:00:01Z", stream: "stderr", text: "cannot open the ledger" },
    ];
    const { deployment, events } = await deploy({ healthCheckTimeout: 5 });
    expect(deployment).toMatchObject({ status: "rolled_back", incidentId: expect.any(String) });
    expect(deployment.summary).toMatch(/not ready within 5 s.*1\.0\.0 serves again with 3 of 3 instances\./);
    expect(versions()).toEqual(["1.0.0", "1.0.0", "1.0.0"]);
    expect(events.find((event) => event.level === "error")?.detail).toMatchObject({
      lastLines: ["cannot open the ledger"],
    });
    const elapsedMs = Date.parse(deployment.finishedAt!) - Date.parse(deployment.startedAt!);
    expect(elapsedMs).toBeLessThan(6_000);
  });

  it("that crashes goes back at once", async () => {
    const durable = rehearsal((step, count) => {
      const fresh = running().find((one) => one.version === "1.1.0");
      if (step === "look" && count === 2 && fresh)
        Object.assign(fresh, { state: "crash-looping", reason: "exit code 3" });
    });
    const { deployment } = await deploy({}, durable);
    expect(deployment).toMatchObject({ status: "rolled_back" });
    expect(deployment.summary).toContain("it keeps crashing: exit code 3");
  });

  it("that fails half-way restores the old instances it had removed", async () => {
    const durable = rehearsal((step, count) => {
      const fresh = running().filter((one) => one.version === "1.1.0");
      if (step === "start" && count === 2) ctx.platform.neverReady.add("1.1.0");
      if (fresh.length === 0) ctx.platform.neverReady.delete("1.1.0");
    });
    const { deployment } = await deploy({ healthCheckTimeout: 5 }, durable);
    expect(deployment.status).toBe("rolled_back");
    expect(versions()).toEqual(["1.0.0", "1.0.0", "1.0.0"]);
  });

  it("keeps what serves when rollback is off, and says so", async () => {
    ctx.platform.neverReady.add("1.1.0");
    const { deployment } = await deploy({ healthCheckTimeout: 5, rollbackOnFailure: false });
    expect(deployment.status).toBe("failed");
    expect(deployment.summary).toMatch(/Left as it is, because rollback is off\. Serving now: 3 × 1\.0\.0\.$/);
    expect(deployment.incidentId).not.toBeNull();
    expect(versions()).toEqual(["1.0.0", "1.0.0", "1.0.0", "1.1.0"]);
  });

  it("that is not done within its deadline goes back", async () => {
    const slow = rehearsal((step) => {
      if (step === "look") clockMs += 5_000;
    });
    const { deployment } = await deploy({ timeoutSeconds: 10 }, slow);
    expect(deployment.status).toBe("rolled_back");
    expect(deployment.summary).toContain("Not done in time");
    expect(versions()).toEqual(["1.0.0", "1.0.0", "1.0.0"]);
  });

  it("waits for a platform that is away for a while", async () => {
    const durable = rehearsal((step, count) => {
      if (step === "look") ctx.platform.unreachable = count > 2 && count < 30;
    });
    expect((await deploy({}, durable)).deployment.status).toBe("succeeded");
    expect(durable.steps.length).toBeLessThan(60);
  });

  it("fails in bounded time and steps when the platform stays away", async () => {
    const durable = rehearsal((step, count) => {
      if (step === "look" && count > 2) ctx.platform.unreachable = true;
    });
    const { deployment, instances } = await deploy({ timeoutSeconds: 60 }, durable);
    expect(deployment).toMatchObject({ status: "failed", incidentId: expect.any(String) });
    expect(deployment.summary).toMatch(
      /^The way back to 1\.0\.0 was not completed: Not done in time: the platform does not answer/,
    );
    expect(instances).toEqual([]);
    expect(durable.steps.length).toBeLessThan(150);
  });

  it("that is refused by the platform goes back without waiting", async () => {
    const start = ctx.platform.startInstance.bind(ctx.platform);
    ctx.platform.startInstance = (input) =>
      input.version === "1.1.0" ? start({ ...input, service: "gone" }) : start(input);
    const { deployment } = await deploy();
    expect(deployment).toMatchObject({ status: "rolled_back" });
    expect(deployment.summary).toContain("No service gone");
  });

  it("is not held up by broken old instances", async () => {
    for (const one of running()) Object.assign(one, { state: "crash-looping" });
    expect((await deploy()).deployment.status).toBe("succeeded");
    expect(versions()).toEqual(["1.1.0", "1.1.0", "1.1.0"]);
  });

  it("takes traffic weights away", async () => {
    await ctx.platform.setWeights({ service: "checkout", environment: "production", weights: { "1.0.0": 100 } });
    await deploy();
    expect(ctx.platform.services.get("checkout/production")!.weights).toBeNull();
  });

  it("has nothing to go back to when nothing ran", async () => {
    ctx.platform.services.get("checkout/production")!.instances = [];
    ctx.platform.neverReady.add("1.1.0");
    const { deployment } = await deploy({ healthCheckTimeout: 5 });
    expect(deployment.status).toBe("failed");
    expect(deployment.summary).toContain("nothing ran before it");
  });
});

describe("cancelling", () => {
  const cancelAt = (step: string, count: number) =>
    rehearsal(async (name, times) => {
      if (name !== step || times !== count) return;
      const { id } = await database.db.deployment.findFirstOrThrow({ orderBy: { id: "desc" } });
      await cancelDeployment(ctx, { deploymentId: id });
    });

  it.each([
    ["look", 1],
    ["look", 3],
    ["drain and stop", 1],
    ["start", 3],
    ["drain and stop", 3],
  ])("at %s no. %i ends with the version before everywhere", async (step, count) => {
    const { deployment } = await deploy({}, cancelAt(step, count));
    expect(deployment).toMatchObject({ status: "cancelled", incidentId: null });
    expect(versions()).toEqual(["1.0.0", "1.0.0", "1.0.0"]);
  });

  it("before it begins changes nothing", async () => {
    const { deployment } = await deployApplication(ctx, wish);
    await cancelDeployment(ctx, { deploymentId: deployment!.id });
    const durable = rehearsal();
    await runDeployment(durable, deploymentEffects(ctx), deployment!.id);
    expect(durable.steps).toEqual(["begin"]);
    expect((await getDeployment(ctx, { deploymentId: deployment!.id })).deployment.status).toBe("cancelled");
    expect(ctx.platform.calls).toEqual([]);
  });
});
