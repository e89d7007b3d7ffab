import { readdirSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { useDatabase } from "#server/testing/database.ts";
import { type Followed, follow, type Operations, openOperations } from "#server/testing/durable/operations.ts";
import { startTestWorker, type TestWorker } from "#server/testing/durable/worker.ts";
import { allReady, createTestDaemon, eventually, sampleService } from "#server/testing/local-platform/daemon.ts";
import { decideDeployment, deployApplication } from "../agent/deploy/index.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { localPaths } from "../integrations/local/state/paths.ts";

vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 }); // each boots processes, on whatever machine this is
const WANTED = 2;
const SERVICES = ["web", "shop", "mail"];
const database = useDatabase();
const daemon = createTestDaemon(
  SERVICES.map((name) => sampleService(name, { deployment: { blueGreen: { keepOldSeconds: 1 } } }, WANTED)),
);
const ref = { service: "web", environment: "staging" };
let ops: Operations;
let workers: TestWorker[] = [];
/** of the cases that kill: the one that took over is the next case's victim */
let victim: TestWorker | undefined;

beforeAll(async () => {
  await daemon.start();
  ops = openOperations(database, daemon);
  for (const service of SERVICES) await allReady(daemon.platform, { ...ref, service });
});
const endAll = async () => {
  await Promise.all(workers.map((worker) => worker.end("SIGKILL")));
  workers = [];
};
afterAll(async () => {
  await endAll();
  await ops?.close();
  await daemon.dispose();
});

/** Workers are judged dead after 10 s, as in production, unless told otherwise. */
async function boot(leaseMs = 10_000): Promise<TestWorker> {
  const worker = await startTestWorker(database.url, daemon, leaseMs);
  workers.push(worker);
  return worker;
}
/** How many instances were ever started: each has a log file of its own, kept after its end. */
const startedEver = () =>
  readdirSync(localPaths(daemon.dataDir).logs).filter((file) => file.endsWith(".out.log")).length;
const keysOf = async (deploymentId: string) =>
  (await database.db.deploymentEvent.findMany({ where: { deploymentId }, orderBy: { seq: "asc" } })).map(
    (one) => one.key,
  );
const otherVersion = async () =>
  (await daemon.platform.workloads.getService(ref)).currentVersion === "1.0.0" ? "1.1.0" : "1.0.0";
const begin = async (version: string, extra: object = {}) => {
  const { deployment } = await deployApplication(ops, { ...ref, version, strategy: "rolling", ...extra });
  return deployment!.id;
};
const hasEvents = (count: number) => (seen: Followed) =>
  seen.events.length >= count || seen.deployment.finishedAt !== null;
const runs = async () =>
  (await daemon.platform.workloads.getService(ref)).instances.map((one) => [one.version, one.state]).sort();

/** requested, begun, the step, (start, ready, stop) for each instance, ended */
const EVENTS_OF_SUCCESS = 4 + 3 * WANTED;

describe("a worker killed with -9", () => {
  afterAll(endAll);
  it.each(Array.from({ length: EVENTS_OF_SUCCESS - 1 }, (_, i) => i + 1))(
    "after event %i: the next one goes on and ends in the same state",
    async (count) => {
      victim ??= await boot();
      const [version, before] = [await otherVersion(), startedEver()];
      const id = await begin(version);
      await follow(ops, id, hasEvents(count));
      await victim.end("SIGKILL");
      victim = await boot();
      const { deployment } = await follow(ops, id);
      expect(deployment.status, deployment.summary).toBe("succeeded");
      expect(await runs()).toEqual(Array(WANTED).fill([version, "ready"]));
      expect(startedEver() - before).toBe(WANTED);
      const keys = await keysOf(id);
      expect(keys).toHaveLength(EVENTS_OF_SUCCESS);
      expect(keys.at(-1)).toBe("ended");
    },
  );

  /** requested, begun, bring up, (start, ready) for each instance, weight, hold, held, retire, stop for each, ended */
  it.each([3, 4, 6, 8, 9, 11, 12])("after event %i of a blue-green deployment", async (count) => {
    victim ??= await boot();
    const [version, before] = [await otherVersion(), startedEver()];
    const id = await begin(version, { strategy: "blue-green" });
    await follow(ops, id, hasEvents(count));
    await victim.end("SIGKILL");
    victim = await boot();
    const { deployment, steps } = await follow(ops, id);
    expect(deployment.status, deployment.summary).toBe("succeeded");
    expect(steps.map((step) => step.status)).toEqual(steps.map(() => "passed"));
    expect([await runs(), (await daemon.platform.workloads.getService(ref)).weights]).toEqual([
      Array(WANTED).fill([version, "ready"]),
      null,
    ]);
    expect(startedEver() - before).toBe(WANTED);
    expect((await keysOf(id)).at(-1)).toBe("ended");
  });

  /** requested, begun, the step, start, failed, turn-back, stop, ended */
  it.each([4, 5, 6, 7])("after event %i of a deployment that must roll back", async (count) => {
    victim ??= await boot();
    const before = await daemon.platform.workloads.getService(ref);
    const startedBefore = startedEver();
    const id = await begin("never", { healthCheckTimeout: 1 });
    await follow(ops, id, hasEvents(count));
    await victim.end("SIGKILL");
    victim = await boot();
    const { deployment, instances } = await follow(ops, id);
    expect(deployment).toMatchObject({ status: "rolled_back", incidentId: expect.any(String) });
    expect(instances.map((one) => one.id).sort()).toEqual(before.instances.map((one) => one.id).sort());
    expect(startedEver() - startedBefore).toBe(1);
    expect(await database.db.incident.count({ where: { deploymentId: id, status: "open" } })).toBeLessThanOrEqual(1);
  });

  it("right after a deployment failed: its incident is there once", async () => {
    victim ??= await boot();
    const id = await begin("never", { healthCheckTimeout: 1 });
    await eventually(() => database.db.deployment.findFirst({ where: { id, finishedAt: { not: null } } }));
    await victim.end("SIGKILL");
    victim = await boot();
    expect((await follow(ops, id)).deployment.incidentId).toEqual(expect.any(String));
    expect(await database.db.incidentEvent.count({ where: { key: `deployment-failed:${id}` } })).toBe(1);
  });
});

describe("a worker that is told to end", () => {
  afterEach(endAll);
  it("leaves its deployment to the next one, which goes on at once", async () => {
    const leaseMs = 180_000; // who waits for its end waits longer than the deployment takes on a busy machine
    const first = await boot(leaseMs);
    const version = await otherVersion();
    const id = await begin(version);
    await follow(ops, id, hasEvents(4));
    await first.end("SIGTERM");
    expect(first.child.exitCode).toBe(0);
    expect(await database.db.executor.findMany({ where: { pid: first.child.pid! } })).toMatchObject([
      { state: "left" },
    ]);
    await boot(leaseMs);
    const upAgain = Date.now();
    expect((await follow(ops, id)).deployment.status).toBe("succeeded");
    expect(Date.now() - upAgain).toBeLessThan(leaseMs / 2);
    expect(await runs()).toEqual(Array(WANTED).fill([version, "ready"]));
  });
});

describe("two workers", () => {
  afterEach(endAll);
  it("share the work and never both do it", async () => {
    await Promise.all([boot(), boot()]);
    const before = startedEver();
    const version = await otherVersion();
    const ids = await Promise.all(
      SERVICES.map(async (service) => {
        const { currentVersion } = await daemon.platform.workloads.getService({ ...ref, service });
        const target = service === "web" ? version : currentVersion === "1.0.0" ? "1.1.0" : "1.0.0";
        return begin(target, { service });
      }),
    );
    for (const id of ids) expect((await follow(ops, id)).deployment.status).toBe("succeeded");
    expect(startedEver() - before).toBe(SERVICES.length * WANTED);
    for (const id of ids) expect(await keysOf(id)).toHaveLength(EVENTS_OF_SUCCESS);
  });

  it("one that was frozen is replaced and ends itself when it wakes", async () => {
    // as in production: beats that come later than half of the lease judge nobody, and on a busy machine they do
    const frozen = await boot();
    const begun = async (): Promise<{ id: string; version: string; before: number }> => {
      const [version, before] = [await otherVersion(), startedEver()];
      const id = await begin(version);
      const { deployment } = await follow(ops, id, hasEvents(4));
      frozen.child.kill("SIGSTOP");
      const now = await database.db.deployment.findUniqueOrThrow({ where: { id } });
      if (deployment.finishedAt === null && now.finishedAt === null) return { id, version, before };
      // on a busy machine it may have ended by then: a worker that nobody took anything from goes on
      frozen.child.kill("SIGCONT");
      return begun();
    };
    const { id, version, before } = await begun();
    await boot();
    const { deployment } = await follow(ops, id);
    expect(deployment.status, deployment.summary).toBe("succeeded");
    frozen.child.kill("SIGCONT");
    await eventually(async () => frozen.child.exitCode === 1);
    expect(await runs()).toEqual(Array(WANTED).fill([version, "ready"]));
    expect(startedEver() - before).toBe(WANTED);
    expect(await keysOf(id)).toHaveLength(EVENTS_OF_SUCCESS);
  });
});

describe("a worker", () => {
  afterEach(endAll);
  it("starts a deployment that was recorded and never reached the queue", async () => {
    const unreachable = { ...ops.workflows, start: () => Promise.reject(new AppError("UPSTREAM_UNAVAILABLE", "away")) };
    const version = await otherVersion();
    const { deployment } = await deployApplication(
      { ...ops, workflows: unreachable },
      { ...ref, version, strategy: "rolling" },
    );
    expect(deployment?.status).toBe("queued");
    await boot();
    expect((await follow(ops, deployment!.id)).deployment.status).toBe("succeeded");
  });

  it("waits for a platform that is restarted under it, and finds its instances again", async () => {
    await boot();
    const [version, before] = [await otherVersion(), startedEver()];
    const id = await begin(version);
    await follow(ops, id, hasEvents(4));
    await daemon.end("SIGKILL");
    await daemon.start();
    expect((await follow(ops, id)).deployment.status).toBe("succeeded");
    expect(await runs()).toEqual(Array(WANTED).fill([version, "ready"]));
    expect(startedEver() - before).toBe(WANTED);
  });

  it("begins within a moment and returns to the version before when cancelled", async () => {
    await boot();
    const before = await runs();
    const id = await begin("never", { healthCheckTimeout: 60 });
    const seen = await follow(ops, id, ({ events }) => events.length >= 4);
    const waitedMs = Date.parse(seen.deployment.startedAt!) - Date.parse(seen.deployment.createdAt);
    expect(waitedMs).toBeLessThan(30_000);
    await decideDeployment(ops, { deploymentId: id, decision: "abort", scope: "step", reason: "wrong version" });
    const { deployment } = await follow(ops, id);
    expect(deployment).toMatchObject({ status: "cancelled", incidentId: null });
    expect(await runs()).toEqual(before);
  });
});
