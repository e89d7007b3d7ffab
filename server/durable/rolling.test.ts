import autocannon from "autocannon";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useDatabase } from "#server/testing/database.ts";
import { follow, type Operations, openOperations } from "#server/testing/durable/operations.ts";
import { startTestWorker, type TestWorker } from "#server/testing/durable/worker.ts";
import { allReady, createTestDaemon, sampleService } from "#server/testing/local-platform/daemon.ts";
import { deployApplication } from "../agent/deploy/index.ts";
import { getIncident } from "../agent/incidents/index.ts";

const RATE = 300;
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

/** 300 requests a second through the balancer from before `work` until after it. */
async function underLoad<T>(work: () => Promise<T>): Promise<{ result: T; load: autocannon.Result }> {
  const { url } = await daemon.platform.getService(ref);
  const running = autocannon({ url, connections: 16, overallRate: RATE, duration: 60 });
  const finished = new Promise<autocannon.Result>((resolve) => running.on("done", resolve));
  try {
    const result = await work();
    return { result, load: await stop() };
  } finally {
    await stop();
  }
  function stop() {
    running.stop?.();
    return finished;
  }
}

const expectNothingLost = (load: autocannon.Result) => {
  expect({ errors: load.errors, timeouts: load.timeouts, non2xx: load.non2xx }).toEqual({
    errors: 0,
    timeouts: 0,
    non2xx: 0,
  });
  expect(load["2xx"]).toBeGreaterThan(RATE); // at least a second's worth was really asked
};

describe("a rolling deployment under 300 requests a second", () => {
  it("fails no request", async () => {
    const { result, load } = await underLoad(async () => {
      const { deployment } = await deployApplication(ops, { ...ref, version: "1.1.0" });
      return follow(ops, deployment!.id);
    });
    expect(result.deployment).toMatchObject({ status: "succeeded", previousVersion: "1.0.0" });
    expect(result.instances.map((one) => [one.version, one.state])).toEqual(Array(3).fill(["1.1.0", "ready"]));
    expect(result.progress).toEqual({ onNewVersion: 3, wanted: 3 });
    expectNothingLost(load);
  });

  it("rolls a version that never becomes ready back without losing one", async () => {
    const before = await daemon.platform.getService(ref);
    const { result, load } = await underLoad(async () => {
      const { deployment } = await deployApplication(ops, { ...ref, version: "never", healthCheckTimeout: 2 });
      return follow(ops, deployment!.id);
    });
    expect(result.deployment.status).toBe("rolled_back");
    expect(result.deployment.summary).toContain("not ready within 2 s");
    expect(result.instances.map((one) => one.id).sort()).toEqual(before.instances.map((one) => one.id).sort());
    expectNothingLost(load);
    const { incident, timeline } = await getIncident(ops, { incidentId: result.deployment.incidentId! });
    expect(incident).toMatchObject({ status: "open", severity: "low", deploymentId: result.deployment.id });
    expect(timeline[0]).toMatchObject({ kind: "opened", actor: { kind: "job" } });
  });
});
