import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import { FOR_PEOPLE } from "../agent/kernel/reader-budget.ts";
import { listServices } from "../agent/services/index.ts";
import { collectorSocket } from "../collector/socket.ts";
import { createRuntime } from "../container/index.ts";
import { actor, testConfig } from "../testing/context.ts";
import { cutting } from "../testing/cutting.ts";
import { useDatabase } from "../testing/database.ts";
import { eventually } from "../testing/local-platform/daemon.ts";
import { askCollector, createBeatReader, startProcessWatch } from "./process-watch.ts";

const database = useDatabase();
const LISTENS = `
  require("node:http").createServer((_, response) => response.end("ok")).listen(process.argv[1], () => console.log("listening"));
`;

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "operate-watch-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A process of its own on the collector's socket, so that it can be stopped and killed. */
async function collectorOf(dataDir: string): Promise<ChildProcess> {
  const socket = collectorSocket(dataDir);
  mkdirSync(dirname(socket), { recursive: true });
  rmSync(socket, { force: true });
  const child = spawn(process.execPath, ["-e", LISTENS, socket], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout as NonNullable<typeof child.stdout>, "data");
  return child;
}

it("says that the collector was stopped, that it is back, and that it was killed", async () => {
  const dataDir = dataFolder();
  const child = await collectorOf(dataDir);
  const changes: string[] = [];
  const watch = startProcessWatch([{ name: "collector", ask: askCollector(dataDir) }], (name) => changes.push(name), {
    lookMs: 200,
    silentMs: 1_000,
  });
  onTestFinished(watch.end);
  expect(await watch.answers("collector")).toBe(true);
  const stoppedAt = Date.now();
  child.kill("SIGSTOP");
  await eventually(async () => watch.missing().length === 1, 5_000);
  expect(watch.missing()[0]?.name).toBe("collector");
  expect(Math.abs((watch.missing()[0]?.since.getTime() ?? 0) - stoppedAt), "the last sign of life").toBeLessThan(3_000);
  child.kill("SIGCONT");
  await eventually(async () => watch.missing().length === 0, 5_000);
  child.kill("SIGKILL");
  await eventually(async () => watch.missing().length === 1, 5_000);
  expect(await watch.answers("collector"), "nobody waits for one that is known to be away").toBe(false);
  expect(changes).toEqual(["collector", "collector", "collector"]);
});

it("tells workers that beat from those that do not, and from a database that does not answer", async () => {
  const { url, cut } = await cutting(database.url);
  const beats = createBeatReader(url, 300);
  onTestFinished(beats.close);
  expect(await beats.askWorkers(), "nothing was read yet").toBeNull();
  const ask = async () => {
    await beats.askDatabase();
    return beats.askWorkers();
  };
  const aMinuteAgo = new Date(Date.now() - 60_000);
  const worker = { version: "1", state: "alive", beatAt: aMinuteAgo };
  await database.db.executor.create({ data: { ...worker, id: "worker-stopped" } });
  expect(await ask(), "the database may have been away until now").toBeNull();
  await eventually(async () => (await ask()) !== null, 5_000);
  expect(await ask()).toEqual({ answers: false, since: aMinuteAgo });
  // a clock ahead of ours keeps a beat fresh for as long as this test takes
  await database.db.executor.create({ data: { ...worker, id: "worker-lives", beatAt: new Date(Date.now() + 60_000) } });
  expect(await ask()).toEqual({ answers: true });
  await database.db.executor.update({ where: { id: "worker-lives" }, data: { state: "left" } });
  expect(await ask(), "one that left does not count").toMatchObject({ answers: false });
  cut();
  await expect(beats.askDatabase()).rejects.toThrow();
  expect(await beats.askWorkers(), "without the database nobody can tell").toBeNull();
});

/** A runtime that serves people, with a collector of its own. */
async function servingRuntime() {
  const dataDir = dataFolder();
  const child = await collectorOf(dataDir);
  const config = testConfig({ services: [] });
  const runtime = createRuntime({
    ...{ databaseUrl: database.url, dataDir, sample: false, watchProcesses: true },
    loaded: { config, file: "/test/operate.config.yaml", text: "" } as Parameters<typeof createRuntime>[0]["loaded"],
  });
  onTestFinished(() => runtime.close());
  return { runtime, child };
}

/** The topics that one who follows is told, as they come, until the test ends. */
function topicsOf({ live }: Pick<Awaited<ReturnType<typeof servingRuntime>>["runtime"], "live">): string[] {
  const ended = new AbortController();
  const topics: string[] = [];
  const following = (async () => {
    for await (const { topic } of live.follow({ signal: ended.signal })) topics.push(topic);
  })();
  onTestFinished(async () => {
    ended.abort();
    await following;
  });
  return topics;
}

it("a runtime that serves people names who is missing in its answers, and tells browsers to read anew", async () => {
  const { OPERATE_LEASE_MS } = process.env;
  process.env.OPERATE_LEASE_MS = "1000";
  onTestFinished(() => {
    if (OPERATE_LEASE_MS === undefined) delete process.env.OPERATE_LEASE_MS;
    else process.env.OPERATE_LEASE_MS = OPERATE_LEASE_MS;
  });
  const { runtime, child } = await servingRuntime();
  const hints = topicsOf(runtime);
  const ctx = { ...runtime, actor: actor(), via: "web" as const, reader: FOR_PEOPLE, requestId: "req_1" };
  const state = () => listServices(ctx, { offset: 0 });
  await eventually(async () => (await state()).summary.includes("no worker answers"), 10_000);
  expect(await runtime.telemetry.ingest.collecting()).toBe(true);
  expect(await state()).toMatchObject({ overall: "unknown" });
  hints.length = 0;
  child.kill("SIGKILL");
  await eventually(async () => (await state()).summary.includes("the collector does not answer"), 5_000);
  await eventually(async () => hints.includes("health"), 5_000);
});

it("tells those who follow within seconds that the database hangs, also who begins then, and that it is back", async () => {
  const { runtime } = await servingRuntime();
  const before = topicsOf(runtime);
  await eventually(async () => before.includes("reset") && (await runtime.processes?.missing())?.length === 0, 10_000);
  const { rows } = await backends();
  const send = (signal: NodeJS.Signals) => {
    for (const { pid } of rows) process.kill(pid, signal);
  };
  onTestFinished(() => send("SIGCONT"));
  send("SIGSTOP");
  await eventually(async () => before.includes("database_away"), 8_000);
  const begun = topicsOf(runtime);
  await eventually(async () => begun.includes("database_away"), 2_000);
  send("SIGCONT");
  await eventually(async () => before.at(-1) === "database_back" && begun.includes("database_back"), 8_000);
  await runtime.live.publish(database.db, "audit");
  await eventually(async () => before.includes("audit") && begun.includes("audit"), 8_000);
});

/** PostgreSQL's processes of this file's connections. */
async function backends() {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return await client.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
  } finally {
    await client.end();
  }
}
