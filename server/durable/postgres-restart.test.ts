import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { underLoad } from "#server/testing/durable/load.ts";
import { type Followed, follow, type Operations, openOperations } from "#server/testing/durable/operations.ts";
import { startTestWorker, type TestWorker } from "#server/testing/durable/worker.ts";
import { allReady, createTestDaemon, eventually, sampleService } from "#server/testing/local-platform/daemon.ts";
import { deployApplication } from "../agent/deploy/index.ts";
import { GetDeploymentInput } from "../agent/deploy/schema.ts";
import { type Db, openDb } from "../db/client.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../db/embedded.ts";
import { migrateDatabase } from "../db/migrate.ts";
import { getDeployment } from "../testing/deploy/get-deployment.ts";

/** The database goes away in the middle of a deployment and comes back: the users notice nothing, the deployment goes on. */
vi.setConfig({ testTimeout: 480_000, hookTimeout: 360_000 });
const deployment = {
  canary: { weights: [20, 100], keepOldSeconds: 1 },
  analysis: { minRequests: 100, minSeconds: 8, intervalSeconds: 1, warmUpSeconds: 2 },
  watchSeconds: 0,
};
const daemon = createTestDaemon([sampleService("web", { deployment }, 2)]);
const ref = { service: "web", environment: "staging" };
const dataDir = mkdtempSync(join(tmpdir(), "operate-restart-"));
let postgres: EmbeddedPostgres;
let db: Db;
let worker: TestWorker;
let ops: Operations;

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dataDir });
  await migrateDatabase(postgres.url);
  [worker] = await Promise.all([startTestWorker(postgres.url, daemon), daemon.start()]);
  db = openDb(postgres.url);
  ops = openOperations({ db, url: postgres.url }, daemon);
  await allReady(daemon.platform, ref);
});
afterAll(async () => {
  await ops?.close();
  await worker?.end("SIGTERM");
  await db?.$disconnect();
  await daemon.dispose();
  await postgres?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Null while the database is away. */
const look = (deploymentId: string): Promise<Followed | null> =>
  getDeployment(ops, GetDeploymentInput.parse({ deploymentId })).catch(() => null);

it.each(["rolling", "canary"] as const)("a %s deployment goes on after PostgreSQL was restarted", async (strategy) => {
  const { url, currentVersion } = await daemon.platform.workloads.getService(ref);
  const version = currentVersion === "1.0.0" ? "1.1.0" : "1.0.0";
  const { result, failed } = await underLoad(url, 100, async () => {
    const { deployment: started } = await deployApplication(ops, { ...ref, version, strategy });
    const id = started!.id;
    const begun = strategy === "rolling" ? "start:" : "step:2:"; // an instance, the analysis
    await eventually(
      async () => (await db.deploymentEvent.count({ where: { deploymentId: id, key: { startsWith: begun } } })) > 0,
    );
    const before = postgres.url;
    await postgres.stop();
    expect(await look(id)).toBeNull();
    postgres = await startEmbeddedPostgres({ dataDir });
    expect(postgres.url).toBe(before);
    await eventually(async () => (await look(id))?.deployment.finishedAt, 300_000);
    return follow(ops, id);
  });
  expect(result.deployment).toMatchObject({ status: "succeeded", version });
  expect(result.instances.map((one) => [one.version, one.state])).toEqual(Array(2).fill([version, "ready"]));
  expect((await daemon.platform.workloads.getService(ref)).weights).toBeNull();
  expect(await db.auditEntry.count({ where: { action: "deployment.finish", targetId: result.deployment.id } })).toBe(1);
  expect(failed).toEqual([]);
});
