import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { useDatabase } from "#server/testing/database.ts";
import { type Load, underLoad } from "#server/testing/durable/load.ts";
import { type Followed, follow, type Operations, openOperations } from "#server/testing/durable/operations.ts";
import { startTestWorker, type TestWorker } from "#server/testing/durable/worker.ts";
import { allReady, createTestDaemon, sampleService } from "#server/testing/local-platform/daemon.ts";
import { decideDeployment, deployApplication, rollbackDeployment } from "../agent/deploy/index.ts";

vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 }); // each boots processes, on whatever machine this is
const WANTED = 3;
const database = useDatabase();
const daemon = createTestDaemon([
  sampleService("web", { deployment: { blueGreen: { keepOldSeconds: 600 } } }, WANTED),
  sampleService("shop", { deployment: { blueGreen: { keepOldSeconds: 1 } } }, WANTED),
]);
const web = { service: "web", environment: "staging" };
const shop = { service: "shop", environment: "staging" };
let worker: TestWorker;
let ops: Operations;

beforeAll(async () => {
  [worker] = await Promise.all([startTestWorker(database.url, daemon), daemon.start()]);
  ops = openOperations(database, daemon);
  for (const ref of [web, shop]) await allReady(daemon.platform, ref);
});
afterAll(async () => {
  await ops?.close();
  await worker?.end("SIGTERM");
  await daemon.dispose();
});

const nothingFailed = ({ failed, sent }: Load) => {
  expect(failed).toEqual([]);
  expect(sent).toBeGreaterThan(100);
};
const holds = ({ steps, deployment }: Followed) =>
  steps.some((step) => step.kind === "hold" && step.status === "running") || deployment.finishedAt !== null;

describe("a blue-green deployment", () => {
  it("goes back at once while the old set is kept, and no request fails", async () => {
    const before = await daemon.platform.workloads.getService(web);
    const { result, ...load } = await underLoad(before.url, 100, async () => {
      const { deployment } = await deployApplication(ops, { ...web, version: "1.1.0", strategy: "blue-green" });
      const { id } = deployment!;
      await follow(ops, id, holds);
      expect((await daemon.platform.workloads.getService(web)).weights).toEqual({ "1.0.0": 0, "1.1.0": 100 });
      const askedMs = Date.now();
      await decideDeployment(ops, { deploymentId: id, decision: "rollback", scope: "step", reason: "" });
      await vi.waitFor(
        async () => expect((await daemon.platform.workloads.getService(web)).weights?.["1.0.0"] ?? 100).toBe(100),
        { timeout: 60_000, interval: 20 },
      );
      const tookMs = Date.now() - askedMs;
      return { tookMs, after: await follow(ops, id) };
    });
    expect(result.tookMs).toBeLessThan(30_000);
    expect(result.after.deployment.status).toBe("rolled_back");
    const after = await daemon.platform.workloads.getService(web);
    expect(after.instances.map((one) => one.id).sort()).toEqual(before.instances.map((one) => one.id).sort());
    expect([after.weights, after.instances.every((one) => one.state === "ready")]).toEqual([null, true]);
    nothingFailed(load);
  });
});

describe("a rollback of a deployment that ended well", () => {
  it("to the last known good version takes seconds, and no request fails", async () => {
    const { url } = await daemon.platform.workloads.getService(shop);
    const { result, ...load } = await underLoad(url, 100, async () => {
      const { deployment } = await deployApplication(ops, { ...shop, version: "1.1.0", strategy: "blue-green" });
      const first = await follow(ops, deployment!.id);
      expect(first.deployment.status).toBe("succeeded");
      const { deployment: back } = await rollbackDeployment(ops, { ...shop, reason: "", dryRun: false });
      return follow(ops, back!.id);
    });
    const { deployment, steps } = result;
    expect(deployment).toMatchObject({ kind: "rollback", strategy: "restore", status: "succeeded", version: "1.0.0" });
    expect(steps.map((step) => step.kind)).toEqual(["bring_up", "weight", "retire"]);
    const tookMs = Date.parse(deployment.finishedAt!) - Date.parse(deployment.createdAt);
    expect(tookMs).toBeLessThan(60_000);
    const after = await daemon.platform.workloads.getService(shop);
    expect(after.instances.map((one) => [one.version, one.state])).toEqual(Array(WANTED).fill(["1.0.0", "ready"]));
    expect(after.weights).toBeNull();
    nothingFailed(load);
  });
});
