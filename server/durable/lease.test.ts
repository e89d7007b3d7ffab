import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { useDatabase } from "#server/testing/database.ts";
import { startTestWorker, type TestWorker } from "#server/testing/durable/worker.ts";
import { createTestDaemon, eventually } from "#server/testing/local-platform/daemon.ts";

/** A worker is lost only to another one that took over its work. */
vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });
const LEASE_MS = 1_000;
const database = useDatabase();
const daemon = createTestDaemon([]);
let worker: TestWorker;

afterEach(async () => {
  await worker.end("SIGKILL");
});

const row = async () => (await database.db.executor.findMany({ where: { pid: worker.child.pid ?? 0 } }))[0];
const beatsAfter = (time: Date) =>
  eventually(async () => {
    expect(worker.child.exitCode, worker.output()).toBeNull();
    const seen = await row();
    return seen?.state === "alive" && seen.beatAt > time;
  });

it("one that was declared dead and whose work nobody took beats again", async () => {
  worker = await startTestWorker(database.url, daemon, LEASE_MS);
  await database.db.executor.updateMany({ data: { state: "dead" } });
  await beatsAfter(new Date());
});

it("one whose work was taken over ends", async () => {
  worker = await startTestWorker(database.url, daemon, LEASE_MS);
  await database.db.executor.updateMany({ data: { state: "taken" } });
  await eventually(async () => worker.child.exitCode === 1);
  expect(worker.output()).toContain("another worker took over the work of this one");
});

it("a lone one that gets a tenth of its processor goes on, however late it beats", async () => {
  worker = await startTestWorker(database.url, daemon, LEASE_MS);
  for (let pulse = 0; pulse < 8 && worker.child.exitCode === null; pulse++) {
    worker.child.kill("SIGSTOP");
    await delay(1_350); // longer than the lease
    worker.child.kill("SIGCONT");
    await delay(150);
  }
  await beatsAfter(new Date());
});

it("one whose connections are all cut goes on", async () => {
  worker = await startTestWorker(database.url, daemon, LEASE_MS);
  await database.db.$executeRawUnsafe(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = current_user and pid <> pg_backend_pid()",
  );
  await beatsAfter(new Date());
});
