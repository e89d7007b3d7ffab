import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { useDatabase } from "#server/testing/database.ts";
import { LEAST_SHARE_SENT, type Load, underLoad } from "#server/testing/durable/load.ts";
import { follow, type Operations, openOperations } from "#server/testing/durable/operations.ts";
import { startTestWorker, type TestWorker } from "#server/testing/durable/worker.ts";
import { allReady, createTestDaemon, sampleService } from "#server/testing/local-platform/daemon.ts";
import { deployApplication } from "../agent/deploy/index.ts";
import { getIncident } from "../agent/incidents/index.ts";

const RATE = 300;
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });
const database = useDatabase();
const daemon = createTestDaemon([sampleService("web", {}, 3)]);
const ref = { service: "web", environment: "staging" };
let worker: TestWorker;
let ops: Operations;

beforeAll(async () => {
  [worker] = await Promise.all([startWhenReady(), daemon.start()]);
  ops = openOperations(database, daemon);
  await allReady(daemon.platform, ref);
});
afterAll(async () => {
  await ops?.close();
  await worker?.end("SIGTERM");
  await daemon.dispose();
});
const startWhenReady = () => startTestWorker(database.url, daemon);

/** Nothing failed, and it was asked often enough for a failure to be seen. */
const expectNothingLost = ({ sent, failed, seconds, heldBack }: Load) => {
  expect(failed).toEqual([]);
  expect(sent / seconds, `${heldBack} were held back`).toBeGreaterThan(RATE * LEAST_SHARE_SENT);
};

describe("a rolling deployment under 300 requests a second", () => {
  it("fails no request", async () => {
    const { url } = await daemon.platform.workloads.getService(ref);
    const { result, ...load } = await underLoad(url, RATE, async () => {
      const { deployment } = await deployApplication(ops, { ...ref, version: "1.1.0", strategy: "rolling" });
      return follow(ops, deployment!.id);
    });
    expect(result.deployment).toMatchObject({ status: "succeeded", previousVersion: "1.0.0" });
    expect(result.instances.map((one) => [one.version, one.state])).toEqual(Array(3).fill(["1.1.0", "ready"]));
    expect(result.progress).toEqual({ onNewVersion: 3, wanted: 3 });
    expectNothingLost(load);
  });

  it("is logged as JSON, the durable engine's own words included", () => {
    const lines = worker.stdout().split("\n").filter(Boolean);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ component: expect.any(String) });
  });

  it("rolls a version that never becomes ready back without losing one", async () => {
    const before = await daemon.platform.workloads.getService(ref);
    const { result, ...load } = await underLoad(before.url, RATE, async () => {
      const wish = { ...ref, version: "never", strategy: "rolling", healthCheckTimeout: 2 } as const;
      const { deployment } = await deployApplication(ops, wish);
      return follow(ops, deployment!.id);
    });
    expect(result.deployment.status).toBe("rolled_back");
    expect(result.deployment.summary).toContain("not ready within 2 s");
    expect(result.instances.map((one) => one.id).sort()).toEqual(before.instances.map((one) => one.id).sort());
    expectNothingLost(load);
    const { incident, timeline } = await getIncident(ops, { incidentId: result.deployment.incidentId! });
    expect(incident).toMatchObject({ status: "open", severity: "low", deploymentId: result.deployment.id });
    // what the deployment saw before, a new error pattern for one, stands at its own time
    expect(timeline.find(({ kind }) => kind === "opened")).toMatchObject({ actor: { kind: "job" } });
  });
});
