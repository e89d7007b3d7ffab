import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findRunningPostgres, startEmbeddedPostgres } from "../db/embedded.ts";
import { freePort } from "../db/embedded-files.ts";
import { createLocalPlatform } from "../integrations/local/index.ts";
import { findDaemon, untilGone } from "../integrations/local/running-daemon.ts";
import { allReady, isAlive } from "../testing/local-platform/daemon.ts";

/** Stand-ins for what the supervisor starts: each writes down when it is up and why it leaves. The daemon is the real one. */
const STAND_IN = `
import { appendFileSync, existsSync } from "node:fs";
import { basename, join } from "node:path";
const name = basename(process.argv[1], ".ts");
const say = (word) => appendFileSync(join(process.env.OPERATE_DATA_DIR, "said"), name + " " + word + "\\n");
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => { say(signal); process.exit(); });
process.on("disconnect", () => { say("left alone"); process.exit(); });
if (name === process.env.BROKEN && !existsSync(join(process.env.OPERATE_DATA_DIR, "mended"))) throw new Error("the worker is broken");
const { loadConfig } = await import(process.env.LOAD_CONFIG);
const { config, file } = loadConfig(process.env.OPERATE_CONFIG);
say("up");
appendFileSync(join(process.env.OPERATE_DATA_DIR, "read"), name + " " + config.costConfig.costCenter + " " + file + " " + process.pid + "\\n");
process.send({ type: "ready" });
setInterval(() => {}, 1000);
`;
const PROCESSES = ["server/collector.ts", "server/worker.ts", "server/web.ts", "server/integrations/local/traffic.ts"];
const CONFIG = `
services:
  - name: shop
    local: { command: [node, SERVICE], versions: [{ version: v1 }], readinessIntervalMs: 100 }
    environments: { production: { initialVersion: v1 } }
traffic: [{ service: shop, environment: production }]
costConfig: { costCenter: "\${env:COST_CENTER}" }
`;

const DAEMON = join(import.meta.dirname, "../integrations/local/daemon.ts");
const SERVICE = join(import.meta.dirname, "../testing/local-platform/service.js");

let folder: string;
let dataDir: string;
let started: ChildProcess[];

beforeEach(() => {
  started = [];
  folder = mkdtempSync(join(tmpdir(), "operate-start-"));
  dataDir = join(folder, "data");
  for (const file of PROCESSES) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), STAND_IN);
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  const local = join(folder, "server/integrations/local");
  writeFileSync(join(local, "daemon.ts"), `await import(${JSON.stringify(DAEMON)});`);
  writeFileSync(join(folder, "operate.config.yaml"), CONFIG.replace("SERVICE", SERVICE));
  // server/start.ts takes its root from its own place; this one takes the stand-ins
  writeFileSync(
    join(folder, "start.ts"),
    `const at = (file) => import(${JSON.stringify(import.meta.dirname)} + "/" + file);
     const [{ operate }, { readOptions }, { listenForStop }] =
       await Promise.all([at("operate.ts"), at("options.ts"), at("signals.ts")]);
     const terminal = { line: console.log, stage: (name, work) => work };
     const root = ${JSON.stringify(folder)};
     const ending = await operate(readOptions([], process.env, root), root, terminal, listenForStop(console.log));
     console.log(ending);
     process.exit(0);`,
  );
});

afterEach(async () => {
  for (const child of started) child.kill("SIGTERM");
  await expect
    .poll(() => started.every((child) => child.exitCode !== null || child.signalCode !== null), { timeout: 60_000 })
    .toBe(true);
  const daemon = findDaemon(dataDir); // outlives a supervisor that was killed
  if (daemon) process.kill(daemon.pid, "SIGTERM");
  if (daemon) await untilGone(daemon);
  if (existsSync(join(dataDir, "postgres"))) await (await startEmbeddedPostgres({ dataDir })).stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(folder, "start.ts")], {
    cwd: folder,
    detached: true,
    env: {
      ...process.env,
      OPERATE_DATA_DIR: dataDir,
      OPERATE_CONFIG: "operate.config.yaml",
      LOAD_CONFIG: join(import.meta.dirname, "../config/load.ts"),
      COST_CENTER: "applied",
      PORT: String(await freePort()),
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    shown += chunk;
  });
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  return {
    child,
    ended,
    shown: () => shown,
    ready: () => expect.poll(() => shown, { timeout: 120_000 }).toContain("is ready at"),
  };
}

const said = () =>
  existsSync(join(dataDir, "said")) ? readFileSync(join(dataDir, "said"), "utf8").trim().split("\n") : [];
const leaving = () => said().filter((line) => !line.endsWith(" up"));

const WITHOUT_DAEMON = ["collector", "traffic", "web", "worker"];
const ups = (times = 1) => WITHOUT_DAEMON.flatMap((name) => Array(times).fill(`${name} up`));
const platform = () => createLocalPlatform({ dataDir });
/** The one instance, once it is ready, with the balancer's address. */
const instance = async () => {
  const local = platform();
  try {
    const [one] = await allReady(local, { service: "shop", environment: "production" });
    const { url } = await local.workloads.getService({ service: "shop", environment: "production" });
    return { pid: one?.pid ?? 0, url };
  } finally {
    await local.close();
  }
};
const postgresPid = () => Number(readFileSync(join(dataDir, "postgres/postmaster.pid"), "utf8").split("\n")[0]);

describe("operate", () => {
  it("starts a crashed process again with the configuration that was applied, not with the file of now", async () => {
    const one = await start();
    await one.ready();
    const file = join(folder, "operate.config.yaml");
    const reads = () => readFileSync(join(dataDir, "read"), "utf8").trim().split("\n");
    expect(reads()).toHaveLength(4);
    writeFileSync(file, "costConfig: { costCenter: nobody applied this }\nservices: 7\n");
    for (const name of ["worker", "collector"]) {
      const pid = Number(
        reads()
          .findLast((line) => line.startsWith(name))
          ?.split(" ")
          .at(-1),
      );
      const before = reads().length;
      process.kill(pid, "SIGKILL");
      await expect.poll(() => reads().length, { timeout: 60_000 }).toBe(before + 1);
      expect(reads().at(-1)).toMatch(new RegExp(`^${name} applied ${file} `));
    }
    const copy = join(dataDir, "applied.config.yaml");
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(readFileSync(copy, "utf8")).toBe(CONFIG.replace("SERVICE", SERVICE));
    process.kill(Number(one.child.pid), "SIGINT");
    expect(await one.ended).toBe(0);
  });

  it("starts everything, offers the set-up link and stops in order on one Ctrl-C of the whole group", async () => {
    const one = await start();
    await one.ready();
    expect(said().sort()).toEqual(ups());
    expect(one.shown()).toMatch(/\/setup#[\w-]{32}$/m);
    const { pid } = await instance();
    process.kill(-Number(one.child.pid), "SIGINT");
    expect(await one.ended).toBe(0);
    expect(leaving()).toEqual(["traffic SIGTERM", "web SIGTERM", "worker SIGTERM", "collector SIGTERM"]);
    expect([findDaemon(dataDir), isAlive(pid), await findRunningPostgres(dataDir)]).toEqual([null, false, null]);
  });

  it("ends at once when its directory is another's: PostgreSQL is killed, nothing is stopped or touched", async () => {
    const one = await start();
    await one.ready();
    const [postmaster, { pid }, lock] = [postgresPid(), await instance(), join(dataDir, "operate.lock")];
    one.child.kill("SIGSTOP");
    const others = "22 1 0:0 green/other-boot/pid:[1]";
    rmSync(lock);
    writeFileSync(lock, others);
    one.child.kill("SIGCONT");
    await one.ended;
    expect(one.shown()).toContain("operate.lock names process 22 on host green, so another one may run on");
    expect(one.shown()).toMatch(/lost\n$/);
    await expect.poll(() => isAlive(postmaster), { timeout: 60_000 }).toBe(false);
    expect(readFileSync(join(dataDir, "logs/postgres.log"), "utf8")).not.toMatch(
      /shutdown request|system is shut down/,
    );
    expect([leaving(), isAlive(pid), readFileSync(lock, "utf8")]).toEqual([[], true, others]);
    rmSync(lock);
  });

  it("killed, leaves only daemon and instances serving; the next start adopts them and ends the rest", async () => {
    const one = await start();
    await one.ready();
    const before = await instance();
    const daemon = findDaemon(dataDir);
    one.child.kill("SIGKILL");
    await expect
      .poll(() => leaving().sort(), { timeout: 60_000 })
      .toEqual(WITHOUT_DAEMON.map((name) => `${name} left alone`));
    expect((await fetch(before.url)).status).toBe(200);
    const two = await start(await samePort(one));
    await two.ready();
    expect([findDaemon(dataDir), await instance()]).toEqual([daemon, before]);
    expect(two.shown()).toContain("Adopted the running daemon");
    two.child.kill("SIGTERM");
    expect(await two.ended).toBe(0);
    expect([findDaemon(dataDir), isAlive(before.pid), await findRunningPostgres(dataDir)]).toEqual([null, false, null]);
  });

  it("hands the instances of a daemon with other settings to a new one", async () => {
    const one = await start();
    await one.ready();
    const before = await instance();
    const daemon = findDaemon(dataDir);
    one.child.kill("SIGKILL");
    await one.ended;
    const two = await start(); // on another port: instances send their telemetry there
    await two.ready();
    expect(two.shown()).toContain("was started with another configuration; a new one takes over");
    expect(await instance()).toEqual(before);
    expect(findDaemon(dataDir)?.pid).not.toBe(daemon?.pid);
  });

  it("goes on without what does not stay up, says so, and has it back once it is mended", async () => {
    const one = await start({ BROKEN: "worker" });
    await one.ready();
    expect(one.shown()).toContain("worker does not stay up");
    expect(one.shown()).toContain("Error: the worker is broken");
    expect(one.shown()).toContain("Not running, and tried again: worker.");
    const { url } = await instance();
    expect((await fetch(url)).status).toBe(200);
    writeFileSync(join(dataDir, "mended"), "");
    await expect.poll(said, { timeout: 60_000 }).toContain("worker up");
  });

  it("starts its database again when that was killed; the instances notice nothing", async () => {
    const one = await start();
    await one.ready();
    const before = await instance();
    const url = await findRunningPostgres(dataDir);
    process.kill(postgresPid(), "SIGKILL");
    await expect.poll(one.shown, { timeout: 60_000 }).toContain("PostgreSQL is back.");
    expect(await findRunningPostgres(dataDir)).toBe(url);
    expect(await instance()).toEqual(before);
    expect(one.child.exitCode).toBeNull();
  });

  it("leaves the instances serving when the terminal is gone: nobody ordered them to stop", async () => {
    const one = await start();
    await one.ready();
    const { pid, url } = await instance();
    one.child.kill("SIGHUP");
    expect(await one.ended).toBe(0);
    expect(leaving()).toHaveLength(WITHOUT_DAEMON.length);
    expect([(await fetch(url)).status, await findRunningPostgres(dataDir)]).toEqual([200, null]);
    expect(isAlive(pid)).toBe(true);
  });

  it("stops instances whose daemon is down at that moment", async () => {
    const one = await start();
    await one.ready();
    const { pid } = await instance();
    process.kill(findDaemon(dataDir)?.pid ?? 0, "SIGKILL");
    one.child.kill("SIGTERM");
    expect(await one.ended).toBe(0);
    expect([findDaemon(dataDir), isAlive(pid)]).toEqual([null, false]);
  });
});

/** A start on the same port is a start with the same settings. */
async function samePort(before: { shown(): string }): Promise<Record<string, string>> {
  return { PORT: new URL(/http:\/\/\S+/.exec(before.shown())?.[0] ?? "").port };
}
