import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { INTERRUPTED, interruption, listenForInterruption } from "../scripts/interruption.ts";
import { commandLine } from "../scripts/usage.mjs";
import { printReport } from "./harness.ts";
import { startSystem } from "./system.ts";

/**
 * `npm run bench:idle`: what Operate takes when nobody uses it, as `npm start` runs it. Memory is the proportional set
 * size of proc(5), in which a page that processes share counts once; processor time is of the last minute.
 */
const given = commandLine("bench:idle");
const MINUTES = given.number("minutes");
const SAMPLE = given.has("sample");
const MOST_MB = SAMPLE ? 1_000 : 600;
const MOST_CPU_PERCENT = 6;
const MINUTE_MS = 60_000;
/** of `utime` and `stime`, as Linux has it on every machine that Node runs on */
const TICKS_PER_SECOND = 100;

const NAMES: [part: string, name: string][] = [
  ["scripts/bootstrap.mjs", "bootstrap"],
  ["server/start.ts", "supervisor"],
  ["server/web.ts", "web"],
  ["server/worker.ts", "worker"],
  ["server/collector.ts", "collector"],
  ["server/integrations/local/daemon.ts", "daemon"],
  ["server/integrations/local/traffic.ts", "traffic generator"],
  ["postgres", "PostgreSQL"],
  ...["gateway", "catalog", "checkout", "payments"].map((name): [string, string] => [
    `${name}.js`,
    "sample's instances",
  ]),
  ["cat ", "writers of instances' logs"],
];

interface Seen {
  name: string;
  pssMb: number;
  cpuTicks: number;
}

const text = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it has ended, or is another user's
  }
};

/** The processes that know the data directory, and all that they started. */
function processesOf(dataDir: string): Map<string, Seen> {
  const all = readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      // the name in parentheses may hold anything
      const stat = text(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
      return { pid, parent: stat[1] ?? "", cpuTicks: Number(stat[11] ?? 0) + Number(stat[12] ?? 0) };
    });
  const ours = new Set(
    all
      .filter(({ pid }) => text(`/proc/${pid}/environ`).includes(`OPERATE_DATA_DIR=${dataDir}\0`))
      .map(({ pid }) => pid),
  );
  for (let before = -1; before !== ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of all) if (ours.has(parent)) ours.add(pid);
  }
  const seen = new Map<string, Seen>();
  for (const { pid, cpuTicks } of all) {
    if (!ours.has(pid)) continue;
    const command = text(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    const pssKb = Number(/^Pss:\s+(\d+)/m.exec(text(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
    const name = NAMES.find(([part]) => command.includes(part))?.[1] ?? `other: ${command.slice(0, 60).trim()}`;
    seen.set(pid, { name, pssMb: pssKb / 1_024, cpuTicks });
  }
  return seen;
}

/** Of the last minute before now: each kind of process with its memory and its share of one core. */
async function measureMinute(dataDir: string) {
  const before = processesOf(dataDir);
  const startedMs = performance.now();
  await delay(MINUTE_MS, undefined, { signal: interruption });
  const seconds = (performance.now() - startedMs) / 1_000;
  const kinds = new Map<string, { processes: number; pssMb: number; cpuPercent: number }>();
  for (const [pid, { name, pssMb, cpuTicks }] of processesOf(dataDir)) {
    const kind = kinds.get(name) ?? { processes: 0, pssMb: 0, cpuPercent: 0 };
    kind.processes += 1;
    kind.pssMb += pssMb;
    kind.cpuPercent += (100 * (cpuTicks - (before.get(pid)?.cpuTicks ?? 0))) / TICKS_PER_SECOND / seconds;
    kinds.set(name, kind);
  }
  return kinds;
}

listenForInterruption();
const entry = ["scripts/bootstrap.mjs", "start", ...(SAMPLE ? [] : ["--no-sample"])];
const system = await startSystem("idle", null, {}, entry);
try {
  await delay((MINUTES - 1) * MINUTE_MS, undefined, { signal: interruption });
  const kinds = await measureMinute(system.dataDir);
  const total = { pssMb: 0, cpuPercent: 0 };
  for (const { pssMb, cpuPercent } of kinds.values()) {
    total.pssMb += pssMb;
    total.cpuPercent += cpuPercent;
  }
  const rounded = (n: number): number => Math.round(n * 10) / 10;
  printReport({
    name: SAMPLE ? "idle, with the sample" : "idle",
    results: [...kinds]
      .sort(([, a], [, b]) => b.pssMb - a.pssMb)
      .map(([name, { processes, pssMb, cpuPercent }]) => ({
        ...{ process: name, processes },
        ...{ "PSS MB": rounded(pssMb), "CPU % of a core": rounded(cpuPercent) },
      })),
    targets: [
      {
        target: `all processes together at most ${MOST_MB} MB of memory`,
        measured: `${Math.round(total.pssMb)} MB`,
        met: total.pssMb <= MOST_MB,
      },
      ...(SAMPLE
        ? []
        : [
            {
              target: `at most ${MOST_CPU_PERCENT} % of one core`,
              measured: `${rounded(total.cpuPercent)} %`,
              met: total.cpuPercent <= MOST_CPU_PERCENT,
            },
          ]),
    ],
  });
  process.exitCode = 0;
} catch (error) {
  if (!interruption.aborted) console.error(error, system.output().slice(-4_000));
  process.exitCode = interruption.aborted ? INTERRUPTED : 1;
} finally {
  await system.stop(process.exitCode === 0);
}
if (interruption.aborted) process.exit(); // what was left in the middle is of no matter
