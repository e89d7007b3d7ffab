import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import pidusage from "pidusage";

/** What the processes of instances take: from /proc with all they forked, elsewhere from `ps` for themselves. */

export interface Usage {
  /** of one core, since the measurement before */
  cpuPercent: number;
  /** resident */
  memoryBytes: number;
}

/** All of it since the processes began. */
interface Total {
  cpuMs: number;
  memoryBytes: number;
}

/** proc(5): times in clock ticks, resident memory in pages. */
const systemNumber = (name: string, usual: number): number => {
  try {
    return Number(execFileSync("getconf", [name], { encoding: "utf8" })) || usual;
  } catch {
    return usual; // no getconf in a small container
  }
};
const LINUX = process.platform === "linux";
const TICK_MS = LINUX ? 1_000 / systemNumber("CLK_TCK", 100) : 0;
const PAGE_BYTES = LINUX ? systemNumber("PAGESIZE", 4_096) : 0;

/** Adds what a process and its descendants took; those that ended are in their parent's times. */
function addTree(pid: number, total: Total): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // utime, stime, cutime, cstime and rss are the fields 14 to 17 and 24; the third follows the last parenthesis.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
    total.cpuMs += ticks * TICK_MS;
    total.memoryBytes += Number(fields[21]) * PAGE_BYTES;
    for (const child of childrenOf(pid)) addTree(child, total);
    return true;
  } catch {
    return false; // gone meanwhile
  }
}

function childrenOf(pid: number): number[] {
  const children: number[] = [];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1");
      for (const child of text.split(" ")) if (child !== "") children.push(Number(child));
    } catch {
      // the thread is gone, or the kernel was built without this list
    }
  }
  return children;
}

function readProcesses(pids: readonly number[]): Map<number, Total> {
  const totals = new Map<number, Total>();
  for (const pid of pids) {
    const total = { cpuMs: 0, memoryBytes: 0 };
    if (addTree(pid, total)) totals.set(pid, total);
  }
  return totals;
}

/** The last measured CPU and memory of processes, taken together every few seconds. */
export class UsageSampler {
  #usage = new Map<number, Usage>();
  #before = new Map<number, Total>();
  #measuredMs = performance.now();

  /** Undefined until a process was measured twice. */
  of(pid: number): Usage | undefined {
    return this.#usage.get(pid);
  }

  async sample(pids: readonly number[]): Promise<void> {
    if (!LINUX) {
      this.#usage = await askPs(pids);
      return;
    }
    const nowMs = performance.now();
    const elapsedMs = Math.max(1, nowMs - this.#measuredMs);
    this.#measuredMs = nowMs;
    const totals = readProcesses(pids);
    this.#usage = new Map(
      [...totals].flatMap(([pid, { cpuMs: total, memoryBytes }]) => {
        const before = this.#before.get(pid);
        if (before === undefined) return [];
        // A child whose parent did not wait for it takes its time along.
        const cpuMs = Math.max(0, total - before.cpuMs);
        return [[pid, { cpuPercent: (cpuMs / elapsedMs) * 100, memoryBytes }] as const];
      }),
    );
    this.#before = totals;
  }
}

async function askPs(pids: readonly number[]): Promise<Map<number, Usage>> {
  if (pids.length === 0) return new Map();
  const stats: Record<string, pidusage.Status | null> = await pidusage([...pids]);
  return new Map(
    Object.values(stats).flatMap((stat) =>
      stat === null ? [] : [[stat.pid, { cpuPercent: stat.cpu, memoryBytes: stat.memory }] as const],
    ),
  );
}
