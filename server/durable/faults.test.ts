import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { useDatabase } from "#server/testing/database.ts";
import { follow, type Operations, openOperations } from "#server/testing/durable/operations.ts";
import { startTestWorker, type TestWorker } from "#server/testing/durable/worker.ts";
import { allReady, createTestDaemon, isAlive, sampleService } from "#server/testing/local-platform/daemon.ts";
import { deployApplication } from "../agent/deploy/index.ts";

/** What goes wrong with processes has its reason in the deployment's timeline, and the deployment a clean end. */
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });
const database = useDatabase();
const bin = realpathSync(mkdtempSync(join(tmpdir(), "operate-bin-")));
mkdirSync(bin, { recursive: true });
symlinkSync(process.execPath, join(bin, "run-1.0.0"));
const SERVICE_JS = join(import.meta.dirname, "../testing/local-platform/service.js");
const rules = { drainSeconds: 5, watchSeconds: 0, blueGreen: { keepOldSeconds: 0 } };
const holder = createServer().listen(0, "127.0.0.1");
await once(holder, "listening");
const taken = String((holder.address() as AddressInfo).port);
const daemon = createTestDaemon([
  sampleService("web", {
    deployment: rules,
    environments: { staging: { instances: 2, initialVersion: "1.0.0", env: { TAKEN_PORT: taken } } },
  }),
  sampleService("ghost", {
    deployment: rules,
    // only 1.0.0 has a program of its name
    local: {
      command: [join(bin, "run-{version}"), SERVICE_JS],
      versions: [{ version: "1.0.0" }, { version: "1.1.0" }],
      readinessIntervalMs: 100,
    },
  }),
]);
let worker: TestWorker;
let ops: Operations;

beforeAll(async () => {
  [worker] = await Promise.all([startTestWorker(database.url, daemon), daemon.start()]);
  ops = openOperations(database, daemon);
  for (const service of ["web", "ghost"]) await allReady(daemon.platform, { service, environment: "staging" });
});
afterAll(async () => {
  await ops?.close();
  await worker?.end("SIGTERM");
  await daemon.dispose();
  holder.close();
  rmSync(bin, { recursive: true });
});

async function deploy(service: string, version: string, strategy: "rolling" | "blue-green" = "rolling") {
  const where = { service, environment: "staging" };
  // on a busy machine five crashes take their time
  const { deployment } = await deployApplication(ops, { ...where, version, strategy, healthCheckTimeout: 120 });
  const ended = await follow(ops, deployment!.id);
  return { ...ended, words: ended.events.map((event) => event.message).join("\n") };
}
const running = async (service: string) =>
  (await daemon.platform.workloads.getService({ service, environment: "staging" })).instances.map((one) => one.version);

describe("a version", () => {
  it.each([
    ["that crashes at once", "web", "crash", /keeps crashing: exited with code 3.*boom: no configuration/],
    ["whose port is taken", "web", "taken", /EADDRINUSE/],
    ["whose program is not there", "ghost", "1.1.0", /command not found: .*run-1\.1\.0/],
  ])("%s is rolled back, and the timeline says why", async (_, service, version, why) => {
    const { deployment, words } = await deploy(service, version);
    expect(deployment.status).toBe("rolled_back");
    expect(words).toMatch(why);
    expect(deployment.summary).toMatch(why);
    expect(new Set(await running(service))).toEqual(new Set(["1.0.0"]));
  });

  it("that ignores SIGTERM is killed when its time is over, and the timeline says so", async () => {
    expect((await deploy("web", "stubborn")).deployment.status).toBe("succeeded");
    const pids = (await daemon.platform.workloads.getService({ service: "web", environment: "staging" })).instances.map(
      (one) => one.pid,
    );
    const { deployment, words } = await deploy("web", "1.1.0", "blue-green");
    expect(deployment.status).toBe("succeeded");
    expect(words).toMatch(/Drained and stopped .* \(stubborn\).*SIGTERM/);
    expect(pids.filter((pid) => isAlive(pid ?? 0))).toEqual([]);
  });

  it.each(["forking", "daemonizing"])("that is %s leaves nothing behind", async (version) => {
    expect((await deploy("web", version)).deployment.status).toBe("succeeded");
    const { instances } = await daemon.platform.workloads.getService({ service: "web", environment: "staging" });
    const direct = { service: "web", environment: "staging", version, method: "GET" as const, path: "/" };
    const answers = await daemon.platform.traffic.sendTo({ ...direct, headers: {}, body: null, timeoutMs: 2_000 });
    const children = answers.map(({ body }) => (JSON.parse(body) as { child: number }).child);
    expect(children.map(isAlive)).toEqual([true, true]);
    expect((await deploy("web", "1.0.0")).deployment.status).toBe("succeeded");
    expect([...children, ...instances.map((one) => one.pid ?? 0)].filter(isAlive)).toEqual([]);
  });
});
