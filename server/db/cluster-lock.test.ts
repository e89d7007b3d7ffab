import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { isAlive } from "../testing/local-platform/daemon.ts";
import { lockCluster } from "./cluster-lock.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded.ts";

vi.setConfig({ testTimeout: 360_000, hookTimeout: 360_000 });
const canLock = (() => {
  try {
    execFileSync("flock", ["--version"], { stdio: "ignore" });
    return process.platform === "linux";
  } catch {
    return false;
  }
})();

const settings = { fsync: "off" };
/** one initdb for all */
let template: string;
let folder: string;
let dataDir: string;
let started: EmbeddedPostgres[];
let strangers: ChildProcess[];
beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), "operate-cluster-template-"));
  await (await startEmbeddedPostgres({ dataDir: template, settings })).stop();
});
afterAll(() => rmSync(template, { recursive: true }));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "operate-cluster-lock-"));
  dataDir = join(folder, "data");
  execFileSync("cp", ["-a", template, dataDir]);
  [started, strangers] = [[], []];
});
afterEach(async () => {
  for (const stranger of strangers) stranger.kill("SIGKILL");
  for (const one of started) await one.stop();
  rmSync(folder, { recursive: true });
});
const start = async (options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}) => {
  const one = await startEmbeddedPostgres({ dataDir, settings, ...options });
  started.push(one);
  return one;
};
const pidFile = (dir = dataDir) => join(dir, "postgres/postmaster.pid");

describe.runIf(canLock)("the lock of a cluster", () => {
  it("belongs to whoever inherited it, paused or not, and goes with the last of them", async () => {
    const cluster = folder;
    writeFileSync(join(cluster, "PG_VERSION"), "18\n");
    const descriptor = await lockCluster(cluster);
    if (descriptor === null) throw new Error("not locked");
    const holder = spawn("sleep", ["600"], { stdio: ["ignore", "ignore", "ignore", descriptor] });
    strangers.push(holder);
    closeSync(descriptor);
    holder.kill("SIGSTOP");
    const aborted = AbortSignal.abort();
    await expect(lockCluster(cluster, aborted)).rejects.toMatchObject({ code: "CONFLICT" });
    const waiting = lockCluster(cluster);
    holder.kill("SIGKILL");
    closeSync((await waiting) ?? -1);
  });

  it("keeps a second server from the cluster whose server cannot be seen, and is gone with a killed one", async () => {
    const first = await start();
    // what somebody in another process namespace sees: a number that is nobody's
    const own = readFileSync(pidFile(), "utf8");
    writeFileSync(pidFile(), own.replace(/^\d+/, "4194304"));
    process.kill(first.pid, "SIGSTOP");
    const second = startEmbeddedPostgres({ dataDir, settings, signal: AbortSignal.abort() });
    await expect(second).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("A PostgreSQL of another container, or one that is paused, still uses"),
    });
    writeFileSync(pidFile(), own);
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    await start();
  });
});

describe("a server whose directory is another's now", () => {
  it("is killed at once, not stopped in order, and leaves the postmaster.pid of the other", async () => {
    const losing = new AbortController();
    let held = true;
    const lock = { isHeld: () => held, lost: losing.signal };
    const { pid, url, exited } = await start({ lock });
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    const { rows } = await client.query("select pg_backend_pid() pid");
    const others = `4194304\n${dataDir}/postgres\n`;
    writeFileSync(pidFile(), others);
    held = false;
    losing.abort("another one took it");
    expect(await exited).toContain("SIGKILL");
    await expect.poll(() => [pid, rows[0].pid].some(isAlive), { timeout: 10_000 }).toBe(false);
    expect(readFileSync(pidFile(), "utf8")).toBe(others);
    await expect(start({ lock })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("is not this Operate's any more: another one took it"),
    });
    expect(readFileSync(pidFile(), "utf8")).toBe(others);
  });
});

describe.runIf(process.platform === "linux")("a postmaster.pid whose number is alive", () => {
  const lines = (pid: number, cluster: string) => `${pid}\n${cluster}\n1700000000\n1\n\n127.0.0.1\n  1 1\nready   \n`;

  it("as another process, or as the server of the original of a copy, is moved away and said", async () => {
    const original = await start();
    const copy = join(folder, "copy");
    execFileSync("cp", ["-a", dataDir, copy]);
    const said: string[] = [];
    const notice = (line: string) => said.push(line);
    const copied = await start({ dataDir: copy, notice });
    expect(said).toEqual([`${pidFile(copy)} was of no server that runs here; it was moved to ${pidFile(copy)}.stale.`]);
    expect([isAlive(original.pid), readFileSync(pidFile(), "utf8")]).toEqual([true, expect.stringMatching(/^\d+\n/)]);
    await copied.stop();
    const stranger = spawn("sleep", ["600"], { stdio: "ignore" });
    strangers.push(stranger);
    await once(stranger, "spawn");
    for (const number of [stranger.pid ?? 0, -(stranger.pid ?? 0)]) {
      writeFileSync(pidFile(copy), lines(number, join(copy, "postgres")));
      const again = await start({ dataDir: copy, notice });
      expect(readFileSync(`${pidFile(copy)}.stale`, "utf8")).toMatch(new RegExp(`^${number}\n`));
      await again.stop();
    }
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  });

  it("as a standalone server that works in the cluster stays", async () => {
    const cluster = join(dataDir, "postgres");
    mkdirSync(join(folder, "bin"));
    cpSync("/usr/bin/tail", join(folder, "bin/postgres"));
    const single = spawn(join(folder, "bin/postgres"), ["-f", "/dev/null"], { cwd: cluster, stdio: "ignore" });
    strangers.push(single);
    await once(single, "spawn");
    writeFileSync(pidFile(), lines(-(single.pid ?? 0), cluster));
    await expect(start()).rejects.toThrow("did not start");
    expect(existsSync(pidFile())).toBe(true);
  });
});
