import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { killThoseThatKnow, processesThatKnow } from "../../scripts/interruption.ts";
import { collectorAnswers } from "../collector/answers.ts";
import { findRunningPostgres } from "../db/embedded.ts";
import { freePort } from "../db/embedded-files.ts";
import { createLocalPlatform } from "../integrations/local/index.ts";
import { identityOf } from "../integrations/local/instance/process.ts";
import { askDaemon, findDaemon } from "../integrations/local/running-daemon.ts";
import { recordedPid } from "../start/orphan-processes.ts";
import { allReady, eventually } from "./local-platform/daemon.ts";

/** A whole Operate of real processes, to be killed in parts: supervisor, worker, collector, daemon, PostgreSQL. */

export const PARTS = ["supervisor", "web", "worker", "collector", "daemon", "postmaster"] as const;
export type PartName = (typeof PARTS)[number];

const SERVER = join(import.meta.dirname, "..");
const SERVICE = join(import.meta.dirname, "local-platform/service.js");
const REF = { service: "shop", environment: "production" };
const BACK_MS = 120_000;
/** Answers and leaves as the web process does; the pages are no matter here. */
const WEB = `
import { createServer } from "node:http";
createServer((_, response) => response.end("web")).listen(Number(process.env.PORT), "127.0.0.1", () => process.send({ type: "ready" }));
process.on("SIGTERM", () => process.exit());
process.on("disconnect", () => process.exit());
`;
const CONFIG = `
services:
  - name: shop
    local: { command: [node, ${JSON.stringify(SERVICE)}], versions: [{ version: v1 }], readinessIntervalMs: 100 }
    environments: { production: { initialVersion: v1, instances: 2 } }
`;

/** What one kill came to. */
export interface Outcome {
  /** empty when all went as it should */
  faults: string[];
  /** from the kill to the first request answered through the balancer; null when the daemon lived */
  trafficBackMs: number | null;
  backMs: number;
}

export class KillableOperate {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "operate-kill-")));
  readonly dataDir = join(this.folder, "data");
  readonly #realWeb: boolean;
  readonly #platform = createLocalPlatform({ dataDir: this.dataDir });
  #port = 0;
  #supervisor: ChildProcess | undefined;
  #shown = "";
  #started: Promise<void> = Promise.resolve();
  #ending = false;

  /** With `realWeb` the built console runs, else a stand-in. */
  constructor(realWeb = false) {
    this.#realWeb = realWeb;
    const put = (file: string, text: string) => {
      mkdirSync(dirname(join(this.folder, file)), { recursive: true });
      writeFileSync(join(this.folder, file), text);
    };
    for (const file of ["worker.ts", "collector.ts", "integrations/local/daemon.ts"])
      put(`server/${file}`, `await import(${JSON.stringify(join(SERVER, file))});`);
    put("server/web.ts", WEB);
    put("package.json", '{"type":"module"}');
    put("operate.config.yaml", CONFIG);
    put(
      "start.ts",
      `const at = (file) => import(${JSON.stringify(join(SERVER, "start"))} + "/" + file);
       const [{ operate }, { readOptions }, { listenForStop }] =
         await Promise.all([at("operate.ts"), at("options.ts"), at("signals.ts")]);
       const terminal = { line: console.log, stage: (name, work) => work };
       const root = ${JSON.stringify(this.folder)};
       await operate(readOptions([], process.env, root), root, terminal, listenForStop(console.log));
       process.exit(0);`,
    );
  }

  get shown(): string {
    return this.#shown;
  }

  start(): Promise<void> {
    if (this.#ending) return Promise.reject(new Error("it is being ended"));
    this.#started = this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    this.#port ||= await freePort();
    const { DATABASE_URL: _, ...inherited } = process.env;
    const file = this.#realWeb ? join(SERVER, "start.ts") : join(this.folder, "start.ts");
    const child = spawn(process.execPath, [file], {
      cwd: this.#realWeb ? dirname(SERVER) : this.folder,
      detached: true,
      env: {
        ...inherited,
        OPERATE_DATA_DIR: this.dataDir,
        OPERATE_CONFIG: join(this.folder, "operate.config.yaml"),
        PORT: String(this.#port),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#supervisor = child;
    let own = "";
    const keep = (chunk: string) => {
      own += chunk;
      this.#shown += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`the start ended:\n${own}`);
      return own.includes("is ready at");
    }, BACK_MS);
  }

  /** An ordered stop. Returns the command lines of what is left over. */
  async stop(): Promise<string[]> {
    const child = this.#supervisor;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await new Promise((done) => child.once("exit", done));
    }
    let left: string[] = [];
    // a guard of a killed supervisor's PostgreSQL notices within a second or two that it is not needed
    await eventually(async () => {
      left = [...processesThatKnow(this.dataDir).values()];
      return left.length === 0;
    }, 15_000).catch(() => undefined);
    return left;
  }

  /**
   * At any moment, also in the middle of `start` and `kill`: lets a start come to its end, as a supervisor that has
   * adopted the daemon stops it, too; then an ordered stop, then kills what is left.
   */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#started.catch(() => undefined);
    await Promise.race([this.stop(), delay(BACK_MS)]);
    killThoseThatKnow(this.dataDir);
    await this.dispose();
  }

  async dispose(): Promise<void> {
    await this.#platform.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Kills the parts at one moment, or halts those that are in `stopped`, too, starts once more if the supervisor is
   * among them, and waits until all is back.
   */
  async kill(parts: readonly PartName[], stopped: readonly PartName[] = []): Promise<Outcome> {
    const faults: string[] = [];
    const before = await this.#instances();
    if (this.#ending) throw new Error("it is being ended");
    const pids = new Map(parts.map((part) => [part, this.#pidOf(part)]));
    const killedMs = performance.now();
    for (const [part, pid] of pids) {
      if (pid) process.kill(pid, stopped.includes(part) ? "SIGSTOP" : "SIGKILL");
      else faults.push(`${part} did not run`);
    }
    const traffic = this.#visit(before.url);
    if (parts.includes("supervisor")) await this.start();
    await eventually(() => this.#allBack(pids), BACK_MS).catch((error: Error) =>
      faults.push(`not back: ${error.message}`),
    );
    const backMs = performance.now() - killedMs;
    const { failed, firstAnswerMs } = await traffic.end();
    const survives = !parts.includes("daemon");
    if (survives && failed > 0) faults.push(`${failed} requests failed although the daemon lived`);
    if (firstAnswerMs === null) faults.push("no request was answered");
    const after = await this.#instances();
    if (JSON.stringify(after) !== JSON.stringify(before)) faults.push("the instances are not the same");
    return { faults, backMs, trafficBackMs: survives || firstAnswerMs === null ? null : firstAnswerMs - killedMs };
  }

  async #instances() {
    const instances = await allReady(this.#platform, REF);
    const { url } = await this.#platform.workloads.getService(REF);
    return { url, pids: instances.map((one) => one.pid).sort() };
  }

  #pidOf(part: PartName): number | null {
    if (part === "supervisor") return this.#supervisor?.pid ?? null;
    if (part === "daemon") return findDaemon(this.dataDir)?.pid ?? null;
    const pid = part === "postmaster" ? this.#postmasterPid() : recordedPid(this.dataDir, part);
    return pid === null || identityOf(pid) === null ? null : pid;
  }

  #postmasterPid(): number | null {
    try {
      return Number.parseInt(readFileSync(join(this.dataDir, "postgres/postmaster.pid"), "utf8"), 10);
    } catch {
      return null; // not started again yet
    }
  }

  async #allBack(killed: ReadonlyMap<PartName, number | null>): Promise<boolean> {
    const same = PARTS.some((part) => {
      const pid = this.#pidOf(part);
      return pid === null || pid === killed.get(part);
    });
    if (same || !(await askDaemon(this.dataDir)) || !(await collectorAnswers(this.dataDir, 2_000))) return false;
    const web = await fetch(`http://127.0.0.1:${this.#port}/`, { redirect: "manual" }).catch(() => null);
    return web !== null && (await this.#workerBeats());
  }

  async #workerBeats(): Promise<boolean> {
    const url = await findRunningPostgres(this.dataDir);
    if (url === null) return false;
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on("error", () => {}); // the query fails, too
    try {
      await client.connect();
      const { rowCount } = await client.query(
        `select 1 from executor where state = 'alive' and pid = $1 and "beatAt" > now() - interval '10 s'`,
        [this.#pidOf("worker")],
      );
      return rowCount === 1;
    } catch {
      return false; // still starting
    } finally {
      await client.end().catch(() => {});
    }
  }

  #visit(url: string) {
    let over = false;
    let failed = 0;
    let firstAnswerMs: number | null = null;
    const loop = (async () => {
      for (; !over; await delay(20)) {
        const ok = await fetch(url, { signal: AbortSignal.timeout(10_000) })
          .then(async (answer) => (await answer.text()) !== "" && answer.ok)
          .catch(() => false);
        if (!ok) failed++;
        else firstAnswerMs ??= performance.now();
      }
    })();
    return {
      end: async () => {
        over = true;
        await loop;
        return { failed, firstAnswerMs };
      },
    };
  }
}
