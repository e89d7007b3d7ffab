import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "#server/db/embedded.ts";
import { migrateDatabase } from "#server/db/migrate.ts";
import { commandLine } from "../scripts/usage.mjs";
import { percentile, printReport } from "./harness.ts";

/**
 * 5,000 HTTP endpoints every 30 s: the scheduler in one process on one core, with real connections to a server in
 * another process and the real embedded PostgreSQL, at its normal durability. `--endpoints=N` and `--interval-ms=N`
 * change the size. Uptime Kuma 2.5 was measured at 8.6 CPU seconds per 1,000 checks and 168 MB with 100 monitors.
 */
const given = commandLine("bench:health");
const ENDPOINTS = given.number("endpoints");
const INTERVAL_MS = given.number("interval-ms");
const MAX_DRIFT_MS = 250;
const MAX_CPU_PER_1000 = 1;
const KUMA_CPU_PER_1000 = 8.6;
const CLOCK_TICKS = 100; // per second, of /proc/<pid>/stat on every Linux that Node runs on

interface Measured {
  driftsMs: number[];
  seconds: number;
  checks: number;
  cpuSeconds: number;
  rssMb: number;
}
interface Done {
  skipped: number;
  dropped: number;
  notUp: number;
}

/** CPU seconds that a process and all below it have used, those that ended included; null where there is no /proc. */
function treeCpuSeconds(root: number): number | null {
  if (process.platform !== "linux") return null;
  const children = new Map<number, number[]>();
  const ticks = new Map<number, number>();
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger)) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")
        .map(Number);
      const [parent = 0, ...used] = [fields[1], fields[11], fields[12], fields[13], fields[14]];
      children.set(parent, [...(children.get(parent) ?? []), pid]);
      ticks.set(
        pid,
        used.reduce<number>((sum, value) => sum + (value ?? 0), 0),
      );
    } catch {
      // ended while we looked
    }
  }
  const total = (pid: number): number =>
    (ticks.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((sum, child) => sum + total(child), 0);
  return total(root) / CLOCK_TICKS;
}

async function message<T>(child: ChildProcess, type: string): Promise<T> {
  for (;;) {
    const [received] = (await Promise.race([
      once(child, "message"),
      once(child, "exit").then(([code]) => Promise.reject(new Error(`the worker ended early (${code})`))),
    ])) as [{ type?: string } & T];
    if (received.type === type) return received;
  }
}

const dataDir = mkdtempSync(join(tmpdir(), "operate-bench-"));
const postgres = await startEmbeddedPostgres({ dataDir });
const target = fork(join(import.meta.dirname, "processes", "health-target.ts"));
const pinned = availableParallelism() > 1 && spawnSync("taskset", ["-c", "0", "true"]).status === 0;
try {
  await migrateDatabase(postgres.url);
  const [{ port }] = (await once(target, "message")) as [{ port: number }];
  const file = join(import.meta.dirname, "processes", "health-worker.ts");
  const args = [postgres.url, String(port), String(ENDPOINTS), String(INTERVAL_MS)];
  const worker = pinned
    ? fork(file, args, { execPath: "taskset", execArgv: ["-c", "0", process.execPath] })
    : fork(file, args);
  await message(worker, "measuring");
  const databaseBefore = treeCpuSeconds(postgres.pid);
  const measured = await message<Measured>(worker, "measured");
  const databaseAfter = treeCpuSeconds(postgres.pid);
  const done = await message<Done>(worker, "done");
  const per1000 = (measured.cpuSeconds / measured.checks) * 1000;
  const databaseCpu = databaseBefore === null || databaseAfter === null ? null : databaseAfter - databaseBefore;
  const round = (value: number, digits = 2) => Number(value.toFixed(digits));
  const driftP99 = round(percentile(measured.driftsMs, 0.99), 1);
  const missed = done.skipped + done.dropped + done.notUp;
  printReport({
    name: "health",
    results: [
      {
        endpoints: ENDPOINTS,
        intervalMs: INTERVAL_MS,
        checks: measured.checks,
        checksPerSecond: round(measured.checks / measured.seconds, 1),
        driftP50Ms: round(percentile(measured.driftsMs, 0.5), 1),
        driftP99Ms: driftP99,
        driftMaxMs: round(percentile(measured.driftsMs, 1), 1),
        cpuSecondsPer1000Checks: round(per1000, 3),
        postgresCpuSecondsPer1000Checks: databaseCpu === null ? null : round((databaseCpu / measured.checks) * 1000, 3),
        ofOneCorePercent: round((measured.cpuSeconds / measured.seconds) * 100, 1),
        rssMb: Math.round(measured.rssMb),
        skippedOrNotUp: missed,
        // drift says little on a machine that others keep busy
        loadAverage: round(loadavg()[0] ?? 0, 1),
      },
    ],
    targets: [
      {
        target: `p99 start drift under ${MAX_DRIFT_MS} ms at ${ENDPOINTS} endpoints every ${INTERVAL_MS / 1000} s`,
        measured: `${driftP99} ms`,
        met: driftP99 < MAX_DRIFT_MS && missed === 0,
      },
      {
        target: `under ${MAX_CPU_PER_1000} CPU second per 1,000 checks, PostgreSQL apart`,
        measured: `${round(per1000, 3)} s, ${round(KUMA_CPU_PER_1000 / per1000, 1)} times less than Uptime Kuma 2.5 (${KUMA_CPU_PER_1000} s)`,
        met: per1000 < MAX_CPU_PER_1000,
      },
    ],
    skipped: pinned ? [] : ["pinning to one core: taskset is not here, or there is only one core"],
  });
} finally {
  target.disconnect();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
