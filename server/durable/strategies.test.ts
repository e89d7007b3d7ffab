import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { useDatabase } from "#server/testing/database.ts";
import { LEAST_SHARE_SENT, underLoad } from "#server/testing/durable/load.ts";
import { follow, type Operations, openOperations } from "#server/testing/durable/operations.ts";
import { startTestWorker, type TestWorker } from "#server/testing/durable/worker.ts";
import { allReady, createTestDaemon, sampleService } from "#server/testing/local-platform/daemon.ts";
import { deployApplication } from "../agent/deploy/index.ts";

/** What users notice of each strategy: nothing, when the version is good; a bounded share, when it is not. */
const RATE = 300;
const SLOW_MS = 10_000;
/** of the canary at its first step */
const WEIGHT = 0.1;
vi.setConfig({ testTimeout: 480_000, hookTimeout: 360_000 });
const database = useDatabase();
const deployment = {
  canary: { weights: [WEIGHT * 100, 50, 100], keepOldSeconds: 1 },
  blueGreen: { keepOldSeconds: 2 },
  analysis: { minRequests: 500, minSeconds: 2, intervalSeconds: 1, warmUpSeconds: 0, maxWaitSeconds: 60 },
  verification: [
    { name: "hello", path: "/hello", method: "GET" as const, headers: {}, expectStatus: [200], timeoutMs: 2_000 },
  ],
  drainSeconds: 20,
  watchSeconds: 0,
};
const daemon = createTestDaemon([sampleService("web", { deployment }, 3)]);
const ref = { service: "web", environment: "staging" };
let worker: TestWorker;
let ops: Operations;

beforeAll(async () => {
  [worker] = await Promise.all([startTestWorker(database.url, daemon), daemon.start()]);
  ops = openOperations(database, daemon);
  await allReady(daemon.platform, ref);
});
afterAll(async () => {
  await ops?.close();
  await worker?.end("SIGTERM");
  await daemon.dispose();
});

/** Requests of ten seconds over connections that are kept alive, one begun every half second, until `work` is done. */
async function withSlowRequests<T>(url: string, work: () => Promise<T>): Promise<{ result: T; slow: number[] }> {
  const dispatcher = new Agent({
    connections: 200,
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
    keepAliveTimeout: 60_000,
  });
  const asked: Promise<number>[] = [];
  const over = new AbortController();
  const pump = (async () => {
    while (!over.signal.aborted) {
      asked.push(
        request(`${url}/slow?ms=${SLOW_MS}`, { dispatcher }).then(
          async ({ statusCode, body }) => {
            await body.dump();
            return statusCode;
          },
          () => 0,
        ),
      );
      await delay(500, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  try {
    const result = await work();
    over.abort();
    await pump;
    return { result, slow: await Promise.all(asked) };
  } finally {
    over.abort();
    await dispatcher.close();
  }
}

describe.each(["rolling", "blue-green", "canary"] as const)("%s of a good version", (strategy) => {
  it("fails no request at 300 a second, nor one that takes ten seconds", async () => {
    const { url, currentVersion } = await daemon.platform.workloads.getService(ref);
    const version = currentVersion === "1.0.0" ? "1.1.0" : "1.0.0";
    const load = await underLoad(url, RATE, () =>
      withSlowRequests(url, async () => {
        const { deployment: started } = await deployApplication(ops, { ...ref, version, strategy });
        return follow(ops, started!.id, undefined, 300_000);
      }),
    );
    const { result, slow } = load.result;
    expect(result.deployment).toMatchObject({ status: "succeeded", previousVersion: currentVersion });
    expect(result.steps.map((step) => step.status)).toEqual(result.steps.map(() => "passed"));
    expect(load.failed).toEqual([]);
    expect(load.sent / load.seconds, `${load.heldBack} were held back`).toBeGreaterThan(RATE * LEAST_SHARE_SENT);
    expect(slow.length).toBeGreaterThan(5);
    expect(slow.filter((status) => status !== 200)).toEqual([]);
    const after = await daemon.platform.workloads.getService(ref);
    expect(after.weights).toBeNull();
    expect(after.instances.map((one) => [one.version, one.state])).toEqual(Array(3).fill([version, "ready"]));
  });
});

describe.each([
  { bad: "failing", why: /error ratio/, lost: 0.05 },
  { bad: "slow", why: /latency/, lost: 0 },
  { bad: "hanging", why: /error ratio/, lost: 0.25 },
  { bad: "missing", why: /requests with a 4xx/, lost: 1 / 3 },
  { bad: "redirecting", why: /requests with a 3xx/, lost: 1 },
])("a canary of a version that is $bad", ({ bad, why, lost }) => {
  it("is caught at its first step with 500 requests, and what it cost is bounded by its weight", async () => {
    const { url, currentVersion } = await daemon.platform.workloads.getService(ref);
    const work = async () => {
      const { deployment: started } = await deployApplication(ops, { ...ref, version: bad, strategy: "canary" });
      return follow(ops, started!.id, undefined, 300_000);
    };
    const load = await underLoad(url, RATE, work, bad === "hanging" ? 2_000 : undefined);
    const { deployment: ended, analyses, steps } = load.result;
    expect(ended.status).toBe("rolled_back");
    expect(ended.summary).toMatch(why);
    expect(ended.incidentId).not.toBeNull();
    const first = steps.find((step) => step.kind === "analysis");
    expect(first).toMatchObject({ status: "failed" });
    expect(analyses[0]).toMatchObject({ stepIndex: first?.index, verdict: "fail" });
    // of the tenth that the canary got; twice that for what was under way when its share was taken
    expect(load.failed.length > 0).toBe(lost > 0);
    expect(load.failed.length / load.sent).toBeLessThanOrEqual(WEIGHT * lost * 2);
    const after = await daemon.platform.workloads.getService(ref);
    expect(after.weights).toBeNull();
    expect(after.instances.map((one) => [one.version, one.state])).toEqual(Array(3).fill([currentVersion, "ready"]));
  });
});
