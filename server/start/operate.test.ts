import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findRunningPostgres } from "../db/embedded.ts";
import { freePort } from "../db/embedded-files.ts";

/** Stand-ins for the five processes: each writes down when it is up and why it leaves. */
const STAND_IN = `
import { appendFileSync } from "node:fs";
import { basename, join } from "node:path";
const name = basename(process.argv[1], ".ts");
const say = (word) => appendFileSync(join(process.env.OPERATE_DATA_DIR, "said"), name + " " + word + "\\n");
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => { say(signal); process.exit(); });
process.on("disconnect", () => { say("left alone"); process.exit(); });
if (name === process.env.BROKEN) throw new Error("the worker is broken");
const { loadConfig } = await import(process.env.LOAD_CONFIG);
const { config, file } = loadConfig(process.env.OPERATE_CONFIG);
say("up");
appendFileSync(join(process.env.OPERATE_DATA_DIR, "read"), name + " " + config.costConfig.costCenter + " " + file + " " + process.pid + "\\n");
process.send({ type: "ready" });
setInterval(() => {}, 1000);
`;
const PROCESSES = [
  "server/integrations/local/daemon.ts",
  "server/collector.ts",
  "server/worker.ts",
  "server/web.ts",
  "server/integrations/local/traffic.ts",
];
const CONFIG = `
services:
  - name: shop
    local: { command: [node], versions: [{ version: v1 }] }
    environments: { production: { initialVersion: v1 } }
traffic: [{ service: shop, environment: production }]
costConfig: { costCenter: "\${env:COST_CENTER}" }
`;

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
  writeFileSync(join(folder, "operate.config.yaml"), CONFIG);
  // server/start.ts takes its root from its own place; this one takes the stand-ins
  writeFileSync(
    join(folder, "start.ts"),
    `const at = (file) => import(${JSON.stringify(import.meta.dirname)} + "/" + file);
     const [{ operate }, { readOptions }, { listenForStop }] =
       await Promise.all([at("operate.ts"), at("options.ts"), at("signals.ts")]);
     const terminal = { line: console.log, stage: (name, work) => work };
     const root = ${JSON.stringify(folder)};
     const ending = await operate(readOptions([], process.env, root), root, terminal, listenForStop(console.log));
     if (!ending.asked) console.log(ending.reason);
     process.exit(ending.asked ? 0 : 1);`,
  );
});

afterEach(async () => {
  for (const child of started) child.kill("SIGTERM");
  await expect
    .poll(() => started.every((child) => child.exitCode !== null || child.signalCode !== null), { timeout: 30_000 })
    .toBe(true);
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
    ready: () => expect.poll(() => shown, { timeout: 30_000 }).toContain("is ready at"),
  };
}

const said = () =>
  existsSync(join(dataDir, "said")) ? readFileSync(join(dataDir, "said"), "utf8").trim().split("\n") : [];
const leaving = () => said().filter((line) => !line.endsWith(" up"));

describe("operate", () => {
  it("starts a crashed process again with the configuration that was applied, not with the file of now", async () => {
    const one = await start();
    await one.ready();
    const file = join(folder, "operate.config.yaml");
    const reads = () => readFileSync(join(dataDir, "read"), "utf8").trim().split("\n");
    expect(reads()).toHaveLength(5);
    writeFileSync(file, "costConfig: { costCenter: nobody applied this }\nservices: 7\n");
    for (const name of ["worker", "daemon"]) {
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
    expect(readFileSync(copy, "utf8")).toBe(CONFIG);
    process.kill(Number(one.child.pid), "SIGINT");
    expect(await one.ended).toBe(0);
  });

  it("starts everything, offers the set-up link and stops in order on one Ctrl-C of the whole group", async () => {
    const one = await start();
    await one.ready();
    expect(said().sort()).toEqual(["collector up", "daemon up", "traffic up", "web up", "worker up"]);
    expect(one.shown()).toMatch(/\/setup#[\w-]{32}$/m);
    process.kill(-Number(one.child.pid), "SIGINT");
    expect(await one.ended).toBe(0);
    expect(leaving()).toEqual([
      "traffic SIGTERM",
      "web SIGTERM",
      "worker SIGTERM",
      "collector SIGTERM",
      "daemon SIGTERM",
    ]);
    expect(await findRunningPostgres(dataDir)).toBeNull();
  });

  it("leaves no process behind when it is killed, and starts again on the same data", async () => {
    const one = await start();
    await one.ready();
    one.child.kill("SIGKILL");
    await expect
      .poll(() => leaving().sort(), { timeout: 20_000 })
      .toEqual([
        "collector left alone",
        "daemon left alone",
        "traffic left alone",
        "web left alone",
        "worker left alone",
      ]);
    const two = await start();
    await two.ready();
    two.child.kill("SIGTERM");
    expect(await two.ended).toBe(0);
    expect(await findRunningPostgres(dataDir)).toBeNull();
  });

  it("stops everything and says why when an essential process does not stay up", async () => {
    const one = await start({ BROKEN: "worker" });
    expect(await one.ended).toBe(1);
    expect(one.shown()).toContain("worker does not stay up");
    expect(one.shown()).toContain("Error: the worker is broken");
    expect(leaving()).toEqual(["traffic SIGTERM", "web SIGTERM", "collector SIGTERM", "daemon SIGTERM"]);
  });

  it("goes on without what is not essential", async () => {
    const one = await start({ BROKEN: "traffic" });
    await expect.poll(one.shown, { timeout: 30_000 }).toContain("traffic does not stay up");
    expect(one.child.exitCode).toBeNull();
  });

  it("stops when its database is gone", async () => {
    const one = await start();
    await one.ready();
    const pid = Number(readFileSync(join(dataDir, "postgres/postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(pid, "SIGKILL");
    expect(await one.ended).toBe(1);
    expect(one.shown()).toContain("PostgreSQL ended");
  });
});
