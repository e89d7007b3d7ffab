import { beforeEach, describe, expect, it } from "vitest";
import { type TestContext, testConfig, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { drainIncidents } from "#server/testing/deploy/drain-incidents.ts";
import { getDeployment } from "#server/testing/deploy/get-deployment.ts";
import {
  type Before,
  type Clock,
  decide,
  rehearsal,
  type Script,
  scriptedEffects,
} from "#server/testing/deploy/rehearsal.ts";
import { AppError } from "../../kernel/errors.ts";
import { deployApplication } from "../request/deploy-application.ts";
import { runDeployment } from "./workflow.ts";

const database = useDatabase();
const wish = { service: "checkout", environment: "production", version: "1.1.0", strategy: "rolling" } as const;
const clock: Clock = { ms: 0 };
let ctx: TestContext;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  await database.db.incident.deleteMany();
  clock.ms = Date.parse("2026-03-01T10:00:00Z");
  ctx = testContext(database, { now: () => new Date(clock.ms) });
});

async function deploy(extra: object = {}, before: Before = () => {}, script?: Script) {
  const { deployment } = await deployApplication(ctx, { ...wish, ...extra });
  const durable = rehearsal(clock, before);
  await runDeployment(durable, scriptedEffects(ctx, script), deployment!.id);
  await drainIncidents(ctx);
  return { ...(await getDeployment(ctx, { deploymentId: deployment!.id })), durable };
}
const service = () => ctx.platform.services.get("checkout/production")!;
const running = () => service().instances;
const versions = () => running().map((one) => one.version);
const fresh = () => running().filter((one) => one.version === "1.1.0");
const calls = () => ctx.platform.calls.map((call) => call.replace(" checkout/production", ""));

describe("a rolling deployment", () => {
  it("replaces one after the other and says each thing once", async () => {
    const { deployment, events, steps } = await deploy();
    expect(deployment).toMatchObject({
      status: "succeeded",
      summary:
        "checkout in production runs 1.1.0: 3 of 3 ready. It has all requests and is being watched until 10:10:00 UTC.",
    });
    expect(versions()).toEqual(["1.1.0", "1.1.0", "1.1.0"]);
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["start", "stop", "start", "stop", "start", "stop"]);
    expect(
      events.map((event) => event.message.replaceAll(/ins_\d+/g, "ins").replaceAll(/in \d+ ms/g, "at once")),
    ).toEqual([
      "Ada asked for checkout 1.1.0 in production, from 1.0.0",
      "Rolling from 1.0.0 to 1.1.0, to be done within 10 min, not counting waits",
      "Replace 3 instances one by one with 1.1.0",
      ...[1, 2, 3].flatMap((n) => [
        `Started ins with 1.1.0 (${n} of 3)`,
        "ins is ready after 0 ms",
        "Drained and stopped ins (1.0.0) at once: it runs 1.0.0",
      ]),
      "checkout in production runs 1.1.0: 3 of 3 ready.",
    ]);
    expect(steps).toMatchObject([{ kind: "roll", status: "passed", attempt: 1, note: "3 of 3 run 1.1.0" }]);
    const finishes = await database.db.auditEntry.findMany({
      where: { action: "deployment.finish", targetId: deployment.id },
    });
    expect(finishes).toMatchObject([
      { actorKind: "job", after: { status: "succeeded", service: "checkout", version: deployment.version } },
    ]);
  });

  it("that never becomes ready goes back, with the reason, the last words and an incident", async () => {
    ctx.platform.neverReady.add("1.1.0");
    ctx.platform.logLines = [
      { at: "2026-03-01T10:00:00Z", stream: "stdout", text: "hello" },
      { at: "2026-03-01T10:00:01Z", stream: "stderr", text: "cannot open the ledger" },
    ];
    const { deployment, events, steps } = await deploy({ healthCheckTimeout: 5 });
    expect(deployment).toMatchObject({ status: "rolled_back", incidentId: expect.any(String) });
    expect(deployment.summary).toMatch(/not ready within 5 s.*1\.0\.0 serves again with 3 of 3 instances\./);
    expect(versions()).toEqual(["1.0.0", "1.0.0", "1.0.0"]);
    expect(service().weights).toBeNull();
    expect(events.find((event) => event.level === "error")?.detail).toMatchObject({
      lastLines: ["cannot open the ledger"],
    });
    expect(steps).toMatchObject([{ status: "failed", note: expect.stringContaining("not ready within 5 s") }]);
    const elapsedMs = Date.parse(deployment.finishedAt!) - Date.parse(deployment.startedAt!);
    expect(elapsedMs).toBeLessThan(6_000);
  });

  it("that crashes goes back at once", async () => {
    const { deployment } = await deploy({}, (step, count) => {
      if (step === "look" && count === 2) Object.assign(fresh()[0]!, { state: "crash-looping", reason: "exit code 3" });
    });
    expect(deployment).toMatchObject({ status: "rolled_back" });
    expect(deployment.summary).toContain("it keeps crashing: exit code 3");
  });

  it("that fails half-way restores the old instances it had removed, all at once", async () => {
    const { deployment } = await deploy({ healthCheckTimeout: 5 }, (step, count) => {
      if (step === "start" && count === 2) ctx.platform.neverReady.add("1.1.0");
    });
    expect(deployment.status).toBe("rolled_back");
    expect(versions()).toEqual(["1.0.0", "1.0.0", "1.0.0"]);
    const weights = calls().findIndex((call) => call.startsWith("weights"));
    expect(calls().slice(weights)).toEqual([
      'weights {"1.0.0":100,"1.1.0":0}',
      "start 1.0.0",
      "stop 1.1.0",
      "stop 1.1.0",
      "weights null",
    ]);
  });

  it("that is not done within its deadline goes back", async () => {
    const { deployment } = await deploy({ timeoutSeconds: 10 }, (step) => {
      if (step === "look") clock.ms += 5_000;
    });
    expect(deployment.status).toBe("rolled_back");
    expect(deployment.summary).toContain("Not done in time");
    expect(versions()).toEqual(["1.0.0", "1.0.0", "1.0.0"]);
  });

  it("waits for a platform that is away for a while", async () => {
    const { deployment, durable } = await deploy({}, (step, count) => {
      if (step === "look") ctx.platform.unreachable = count > 2 && count < 30;
    });
    expect(deployment.status).toBe("succeeded");
    expect(durable.steps.length).toBeLessThan(70);
  });

  it("fails in bounded time and steps when the platform stays away", async () => {
    const { deployment, instances, durable } = await deploy({ timeoutSeconds: 60 }, (step, count) => {
      if (step === "look" && count > 2) ctx.platform.unreachable = true;
    });
    expect(deployment).toMatchObject({ status: "failed", incidentId: expect.any(String) });
    expect(deployment.summary).toMatch(
      /^The way back to 1\.0\.0 was not completed: Not done in time: the platform does not answer/,
    );
    expect(instances).toEqual([]);
    expect(durable.steps.length).toBeLessThan(150);
  });

  it("whose platform goes away just when it turns back leaves no weights behind", async () => {
    ctx.platform.neverReady.add("1.1.0");
    const { deployment } = await deploy({ healthCheckTimeout: 5 }, (step, count) => {
      if (step === "traffic back") ctx.platform.unreachable = count === 1;
      if (step === "look" && calls().includes("start 1.1.0")) ctx.platform.unreachable = false;
    });
    expect(deployment.status).toBe("rolled_back");
    expect(calls()).toContain('weights {"1.0.0":100,"1.1.0":0}');
    expect(service().weights).toBeNull();
  });

  it("that is refused by the platform goes back without waiting", async () => {
    const start = ctx.platform.workloads.instances.start;
    ctx.platform.workloads.instances.start = (input) =>
      input.version === "1.1.0" ? start({ ...input, service: "gone" }) : start(input);
    const { deployment } = await deploy();
    expect(deployment).toMatchObject({ status: "rolled_back" });
    expect(deployment.summary).toMatch(/no service gone.*[^.]\. 1\.0\.0 serves again/i);
  });

  it("is not held up by broken old instances", async () => {
    for (const one of running()) Object.assign(one, { state: "crash-looping" });
    expect((await deploy()).deployment.status).toBe("succeeded");
    expect(versions()).toEqual(["1.1.0", "1.1.0", "1.1.0"]);
  });

  it("takes traffic weights away", async () => {
    await ctx.platform.traffic.setWeights({
      service: "checkout",
      environment: "production",
      weights: { "1.0.0": 100 },
    });
    await deploy();
    expect(service().weights).toBeNull();
  });

  it("has nothing to go back to when nothing ran, whatever the strategy", async () => {
    service().instances = [];
    ctx.platform.neverReady.add("1.1.0");
    const { deployment, steps } = await deploy({ healthCheckTimeout: 5, strategy: "canary" });
    expect(deployment.status).toBe("failed");
    expect(deployment.summary).toContain("nothing ran before it");
    expect(steps.map((step) => step.kind)).toEqual(["roll"]);
  });

  it("before which it was cancelled changes nothing", async () => {
    const { deployment } = await deployApplication(ctx, wish);
    await decide(ctx, deployment!.id, "abort");
    const durable = rehearsal(clock);
    await runDeployment(durable, scriptedEffects(ctx), deployment!.id);
    expect(durable.steps).toEqual(["begin"]);
    const after = await getDeployment(ctx, { deploymentId: deployment!.id });
    expect(after.deployment.status).toBe("cancelled");
    expect(after.steps.map((step) => step.status)).toEqual(["skipped"]);
    expect(ctx.platform.calls).toEqual([]);
  });
});

const hook = (name: string) => ({ name, type: "command" as const, command: ["true"] });
const staged = () =>
  testContext(database, {
    now: () => new Date(clock.ms),
    config: testConfig({
      deploymentConfig: {
        rollout: {
          canary: { weights: [10, 50], keepOldSeconds: 30 },
          verification: [{ name: "home", path: "/" }],
          hooks: { before: [hook("warn")], between: [hook("smoke")], after: [hook("tell")] },
        },
      },
    }),
  });

describe("a staged deployment", () => {
  beforeEach(() => {
    ctx = staged();
  });

  it("as a canary moves the traffic step by step, and the old set goes last", async () => {
    const { deployment, steps } = await deploy({ strategy: "canary" });
    expect(deployment).toMatchObject({ status: "succeeded", watchState: "watching" });
    expect(Date.parse(deployment.watchUntil!) - Date.parse(deployment.finishedAt!)).toBe(600_000);
    expect(ctx.started).toContain(`watch:${deployment.id}`);
    expect(steps.every((step) => step.status === "passed" && step.startedAt && step.finishedAt)).toBe(true);
    expect(steps.map((step) => step.kind).join(" ")).toBe(
      "hook bring_up verify weight analysis hook bring_up weight analysis hook bring_up weight hold retire hook",
    );
    expect(calls()).toEqual([
      'weights {"1.0.0":100}',
      "start 1.1.0",
      'weights {"1.0.0":90,"1.1.0":10}',
      "start 1.1.0",
      'weights {"1.0.0":50,"1.1.0":50}',
      "start 1.1.0",
      'weights {"1.0.0":0,"1.1.0":100}',
      ...Array(3).fill("stop 1.0.0"),
      "weights null",
    ]);
  });

  it("as blue-green switches once", async () => {
    const { deployment, events } = await deploy({ strategy: "blue-green" });
    expect(deployment.status).toBe("succeeded");
    expect(calls()).toEqual([
      'weights {"1.0.0":100}',
      ...Array(3).fill("start 1.1.0"),
      'weights {"1.0.0":0,"1.1.0":100}',
      ...Array(3).fill("stop 1.0.0"),
      "weights null",
    ]);
    expect(events.map((event) => event.message)).toContain(
      "Blue-green from 1.0.0 to 1.1.0, to be done within 10 min, not counting waits",
    );
  });

  it("does not count what the judge takes towards its deadline, and says when that is now", async () => {
    const slow: Script = ({ step, round }) =>
      (step.kind === "analysis" || step.kind === "hold") && round < 90 ? null : { kind: "passed", note: "good" };
    const { deployment } = await deploy({ strategy: "canary", timeoutSeconds: 60 }, () => {}, slow);
    expect(deployment.status).toBe("succeeded");
    const allowedMs = Date.parse(deployment.deadlineAt) - Date.parse(deployment.startedAt!);
    expect(allowedMs).toBeGreaterThanOrEqual(60_000 + 3 * 90_000);
  });

  it("that starts while the last one is watched takes its place", async () => {
    const first = await deploy({ strategy: "blue-green" });
    await deploy({ strategy: "blue-green", version: "1.2.0" });
    const { deployment } = await getDeployment(ctx, { deploymentId: first.deployment.id });
    expect(deployment.watchState).toBe("superseded");
  });

  it("replaces an instance of the new version that went missing before its share grows", async () => {
    const { deployment } = await deploy({ strategy: "canary" }, (step, count) => {
      if (step === "inspect" && count === 3) service().instances = running().filter((one) => one.version !== "1.1.0");
    });
    expect(deployment.status).toBe("succeeded");
    expect(versions()).toEqual(["1.1.0", "1.1.0", "1.1.0"]);
  });

  it("starts again only what the platform did not start, and never one too many", async () => {
    const start = ctx.platform.workloads.instances.start;
    let asked = 0;
    ctx.platform.workloads.instances.start = async (input) => {
      asked += 1;
      if (asked % 3 === 2) throw new AppError("TIMEOUT", "no answer");
      const started = await start(input);
      if (asked === 3) throw new AppError("TIMEOUT", "the answer was lost");
      return started;
    };
    const { deployment } = await deploy({ strategy: "blue-green" });
    expect(deployment.status).toBe("succeeded");
    expect(calls().filter((call) => call === "start 1.1.0")).toHaveLength(3);
  });

  it("fails its first step when the platform refuses the weights", async () => {
    ctx.platform.traffic.setWeights = async ({ weights }) => {
      if (weights && weights["1.1.0"] !== 0) throw new AppError("NOT_FOUND", "No version 1.0.0.");
    };
    const { deployment } = await deploy({ strategy: "blue-green" });
    expect(deployment).toMatchObject({ status: "rolled_back", summary: expect.stringContaining("No version 1.0.0") });
    expect(calls()).toEqual([]);
  });

  it("does not believe that weights took effect which did not", async () => {
    ctx.platform.traffic.setWeights = async () => {};
    const { deployment } = await deploy({ strategy: "canary", timeoutSeconds: 10 });
    expect(deployment.status).toBe("rolled_back");
    expect(deployment.summary).toContain("did not take the weights");
  });

  it("tolerates an old instance that is down", async () => {
    const { deployment } = await deploy({ strategy: "canary" }, (step, count) => {
      if (step === "inspect" && count === 3) Object.assign(running()[0]!, { state: "crash-looping" });
    });
    expect(deployment.status).toBe("succeeded");
  });

  it("ends its analysis when a new instance keeps crashing", async () => {
    const waits: Script = ({ step, round }) =>
      step.kind === "analysis" && round < 50 ? null : { kind: "passed", note: "good" };
    const { deployment } = await deploy(
      { strategy: "canary" },
      (step, count) => {
        if (step === "inspect" && count === 5) Object.assign(fresh()[0]!, { state: "crash-looping", reason: "exit 1" });
      },
      waits,
    );
    expect(deployment.status).toBe("rolled_back");
    expect(deployment.summary).toMatch(/Rolled back: ins_\d+ \(1\.1\.0\): it keeps crashing: exit 1\./);
    expect(deployment.incidentId).not.toBeNull();
  });
});
