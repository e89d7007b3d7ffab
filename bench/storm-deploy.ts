import { type ChildProcess, execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { INTERRUPTED, interruption, listenForInterruption, unlessInterrupted } from "../scripts/interruption.ts";
import { commandLine } from "../scripts/usage.mjs";
import { OperateAgent } from "../server/agent/operate-agent.ts";
import { median, percentile, printReport } from "./harness.ts";
import { dice, openPool, startSystem, until } from "./system.ts";

/**
 * `npm run storm:deploy`: the whole system as `npm start` runs it, two services deployed over and over with every
 * strategy and good, failing and never-ready versions, while `kill -9` hits worker, web and daemon at random moments.
 * After each deployment: did it end promoted or rolled back, does one version serve, unweighted, are there as many
 * processes as instances, is there one audit trail? `--kills=100 --seed=1` change the size and the dice.
 */
const SERVICE = join(import.meta.dirname, "processes/storm-service.js");
const given = commandLine("storm:deploy");
const KILLS = given.number("kills");
const SEED = given.number("seed");
/** a deployment that has not ended by then counts as stuck */
const STUCK_MS = 180_000;
const SETTLE_MS = 60_000;
const INSTANCES = 3;
const TARGETS = {
  worker: "server/worker.ts",
  web: "server/web.ts",
  daemon: "server/integrations/local/daemon.ts",
} as const;
type Target = keyof typeof TARGETS;
/** the supervisor waits longer and longer before it starts a process that ends again and again, as it should */
const MOST_PER_MINUTE = 4;
const STRATEGIES = ["rolling", "blue-green", "canary"] as const;
const LANES = ["alpha", "beta"];
const GOOD = ["1.0.0", "1.1.0"];
const VERSIONS = [...GOOD, "2.0.0-bad", "3.0.0-never"];

const random = dice(SEED);
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const configuration = {
  deploymentConfig: {
    environments: ["production"],
    timeoutSeconds: 90,
    rollout: {
      canary: { weights: [20, 50, 100], keepOldSeconds: 1 },
      blueGreen: { keepOldSeconds: 2 },
      analysis: { minRequests: 50, minSeconds: 2, maxWaitSeconds: 60, intervalSeconds: 1, warmUpSeconds: 0 },
      decisionTimeoutSeconds: 10,
      watchSeconds: 0,
    },
  },
  services: LANES.map((name) => ({
    name,
    healthPath: "/readyz",
    local: {
      command: ["node", SERVICE, name, "{version}"],
      versions: VERSIONS.map((version) => ({ version })),
      readinessIntervalMs: 100,
    },
    environments: { production: { instances: INSTANCES, initialVersion: "1.0.0" } },
  })),
  traffic: LANES.map((service) => ({ service, environment: "production", requestsPerSecond: 80, paths: ["/"] })),
};

/** pid of one of the supervisor's processes; null while it is down. */
function pidOf(supervisor: number, target: Target): number | null {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" });
  for (const row of table.split("\n")) {
    const [pid, parent] = row.trim().split(/\s+/, 2).map(Number);
    if (parent === supervisor && pid && row.includes(TARGETS[target])) return pid;
  }
  return null;
}

/** Processes that run the service of a lane, counted by their command lines. */
function processesOf(lane: string): number {
  let found = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (words.includes(SERVICE) && words.includes(lane)) found += 1;
    } catch {
      // ended while we looked
    }
  }
  return found;
}

interface Ended {
  strategy: string;
  version: string;
  status: string;
  seconds: number;
  kills: number;
  faults: string[];
}

class Storm {
  readonly ended: Ended[] = [];
  readonly kills: { target: Target; at: number }[] = [];
  #active = 0;
  readonly #agent: OperateAgent;
  readonly #db: pg.Pool;
  readonly #supervisor: ChildProcess;

  constructor(agent: OperateAgent, db: pg.Pool, supervisor: ChildProcess) {
    this.#agent = agent;
    this.#db = db;
    this.#supervisor = supervisor;
  }

  get over(): boolean {
    return interruption.aborted || this.kills.length >= KILLS || this.#supervisor.exitCode !== null;
  }

  async run(): Promise<void> {
    await Promise.all([...LANES.map((lane) => this.#deployForEver(lane)), this.#killForEver()]);
  }

  async #killForEver(): Promise<void> {
    while (!this.over) {
      await delay(500 + random() * 6_000);
      const minuteAgo = performance.now() - 65_000;
      const spared = (target: Target) =>
        this.kills.filter((kill) => kill.target === target && kill.at > minuteAgo).length < MOST_PER_MINUTE;
      const target = oneOf((Object.keys(TARGETS) as Target[]).filter(spared));
      const pid = target && this.#active > 0 ? pidOf(this.#supervisor.pid ?? 0, target) : null;
      if (!pid) continue;
      process.kill(pid, "SIGKILL");
      this.kills.push({ target, at: performance.now() });
      if (this.kills.length % 10 === 0) console.error(`${this.kills.length} kills, ${this.ended.length} deployments`);
    }
  }

  async #deployForEver(lane: string): Promise<void> {
    let serving = "1.0.0";
    while (!this.over) {
      const dieRoll = random();
      const good = GOOD.find((version) => version !== serving) ?? "1.0.0";
      const version = dieRoll < 0.6 ? good : dieRoll < 0.85 ? "2.0.0-bad" : "3.0.0-never";
      const strategy = oneOf(version === "2.0.0-bad" ? (["canary"] as const) : STRATEGIES);
      const ended = await this.#deploy(lane, serving, version, strategy);
      this.ended.push(ended);
      if (ended.status === "succeeded") serving = version;
      for (const fault of ended.faults) console.error(`FAULT ${lane} ${strategy} ${version}: ${fault}`);
    }
  }

  async #deploy(lane: string, serving: string, version: string, strategy: Ended["strategy"]): Promise<Ended> {
    const began = performance.now();
    const killsBefore = this.kills.length;
    const where = { service: lane, environment: "production" };
    this.#active += 1;
    const faults: string[] = [];
    let status = "stuck";
    try {
      const input = { ...where, version, strategy: strategy as "canary", healthCheckTimeout: 8 };
      // the daemon may be down at this very moment: asked again, as a person would
      const { deployment } = await until("start", SETTLE_MS, () => this.#agent.deployApplication(input));
      const deploymentId = deployment?.id ?? "";
      status = await until(`${deploymentId} ends`, STUCK_MS, async () => {
        const now = await this.#agent.getDeployment({ deploymentId });
        return now.deployment.finishedAt && now.deployment.status;
      });
      if (status !== "succeeded" && status !== "rolled_back") faults.push(`${deploymentId} ended ${status}`);
      if (version.includes("-") && status === "succeeded") faults.push(`${deploymentId} promoted ${version}`);
      await this.#settled(lane, status === "succeeded" ? version : serving, faults);
      await this.#trail(deploymentId, status, faults);
    } catch (error) {
      faults.push(String(error));
    } finally {
      this.#active -= 1;
    }
    const seconds = (performance.now() - began) / 1_000;
    return { strategy, version, status, seconds, kills: this.kills.length - killsBefore, faults };
  }

  /** One version, unweighted, all ready, and no process besides. */
  async #settled(lane: string, version: string, faults: string[]): Promise<void> {
    let seen = "nothing";
    await until("settles", SETTLE_MS, async () => {
      const { row, instances } = await this.#agent.getService({ service: lane, environment: "production" });
      const { rows } = await this.#db.query<{ waiting: unknown }>(
        "select waiting from deployment where service = $1 and waiting is not null",
        [lane],
      );
      const weighted = await this.#weights(lane);
      seen = JSON.stringify({
        instances: instances.map((one) => `${one.version} ${one.state}`),
        processes: processesOf(lane),
        weighted,
        waiting: rows.length,
      });
      return (
        instances.length === INSTANCES &&
        instances.every((one) => one.version === version && one.state === "ready") &&
        row.currentVersion === version &&
        processesOf(lane) === INSTANCES &&
        weighted === null &&
        rows.length === 0
      );
    }).catch(() => faults.push(`did not settle on ${version}: ${seen}`));
  }

  async #weights(lane: string): Promise<unknown> {
    const { items } = await this.#agent.listDeployments({ service: lane, limit: 1 });
    const { split } = await this.#agent.getDeployment({ deploymentId: items[0]?.id ?? "" });
    const weights = split.filter((share) => share.weight !== null);
    return weights.length === 0 ? null : weights;
  }

  /** Asked for once, finished once, begun once, ended once; no step left open. */
  async #trail(id: string, status: string, faults: string[]): Promise<void> {
    const count = async (sql: string): Promise<number> =>
      (await this.#db.query<{ n: number }>(`select count(*)::int as n from ${sql}`, [id])).rows[0]?.n ?? -1;
    const asked = await count("audit_entry where \"targetId\" = $1 and action = 'deployment.start'");
    const finished = await count("audit_entry where \"targetId\" = $1 and action = 'deployment.finish'");
    const ended = await count("deployment_event where \"deploymentId\" = $1 and key = 'ended'");
    const open = await count(
      "deployment_step where \"deploymentId\" = $1 and status in ('pending', 'running', 'waiting')",
    );
    if (asked !== 1 || finished !== 1 || ended !== 1 || open !== 0)
      faults.push(`${id} ${status}: asked ${asked}, finished ${finished}, ended ${ended}, open steps ${open}`);
  }
}

listenForInterruption();
const system = await startSystem("storm", configuration, { OPERATE_LEASE_MS: "3000" });
const began = performance.now();
try {
  const agent = new OperateAgent(system.configFile, { dataDir: system.dataDir });
  const db = openPool(system.databaseUrl, 2);
  const storm = new Storm(agent, db, system.supervisor);
  await unlessInterrupted(storm.run());
  await agent.close();
  await db.end();

  const seconds = storm.ended.map((one) => one.seconds);
  const faults = storm.ended.flatMap((one) => one.faults);
  const ends = (status: string) => storm.ended.filter((one) => one.status === status).length;
  printReport({
    name: "storm:deploy",
    results: STRATEGIES.map((strategy) => {
      const those = storm.ended.filter((one) => one.strategy === strategy);
      return {
        strategy,
        deployments: those.length,
        hit: those.filter((one) => one.kills > 0).length,
        promoted: those.filter((one) => one.status === "succeeded").length,
        "rolled back": those.filter((one) => one.status === "rolled_back").length,
        faults: those.flatMap((one) => one.faults).length,
      };
    }),
    targets: [
      {
        target: `${KILLS} kills of worker, web and daemon`,
        measured: Object.keys(TARGETS)
          .map((name) => `${storm.kills.filter((kill) => kill.target === name).length} ${name}`)
          .join(", "),
        met: storm.kills.length >= KILLS,
      },
      {
        target: "each deployment ends promoted or rolled back; one version, no weights, no orphan, one trail",
        measured: `${storm.ended.length} deployments: ${ends("succeeded")} promoted, ${ends("rolled_back")} rolled back, ${faults.length} faults; seed ${SEED}, ${Math.round((performance.now() - began) / 60_000)} min; median ${median(seconds).toFixed(0)} s, longest ${percentile(seconds, 1).toFixed(0)} s`,
        met: faults.length === 0,
      },
    ],
  });
  process.exitCode = faults.length === 0 && storm.kills.length >= KILLS ? 0 : 1;
} catch (error) {
  if (!interruption.aborted) console.error(error, system.output().slice(-4_000));
  process.exitCode = interruption.aborted ? INTERRUPTED : 1;
} finally {
  await system.stop(process.exitCode === 0);
}
if (interruption.aborted) process.exit(); // what was left in the middle is of no matter
