import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Commands that start much: what ends it all when they are told to stop. */

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** the exit code of a command that was told to stop, as a shell has it for Ctrl-C */
export const INTERRUPTED = 130;
/** who ends in order, a whole Operate among them, needs less */
const ASK_AGAIN_MS = 15_000;
const KILL_MS = 25_000;
/** in the environment of all that a group starts, also of what has left the group */
const MARK = "OPERATE_COMMAND";

const told = new AbortController();
/** aborted by Ctrl-C, SIGTERM, a closed terminal, or when the bootstrap is gone */
export const interruption = told.signal;
const groups = new Map<ChildProcess, string>();

/** From now on a signal does not end this process: it aborts `interruption`. */
export function listenForInterruption(): void {
  const onStop = () => {
    if (interruption.aborted) return; // one Ctrl-C arrives twice: from the terminal and from the bootstrap
    console.error("Told to stop: ending what was started.");
    told.abort(new Error("told to stop"));
  };
  for (const signal of SIGNALS) process.on(signal, onStop);
  process.once("disconnect", onStop);
  process.channel?.unref();
}

/** Waits for `work` as long as nobody says stop. @throws the reason of `interruption`; the work is left to itself then */
export async function unlessInterrupted<T>(work: Promise<T>): Promise<T> {
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(interruption.reason);
    if (interruption.aborted) stop();
    else interruption.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    interruption.removeEventListener("abort", stop);
  }
}

/** Runs this Node on `args` in a process group of its own, which `endGroups` ends. @throws once this process was told to stop */
export function spawnGroup(args: string[], output: "inherit" | "pipe", env: Record<string, string> = {}): ChildProcess {
  interruption.throwIfAborted();
  const mark = randomUUID();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env, [MARK]: mark },
    stdio: ["ignore", output, output],
    detached: true,
  });
  groups.set(child, mark);
  child.once("close", () => {
    if (!interruption.aborted) groups.delete(child);
  });
  return child;
}

/** Tells all running groups to end, kills what does not, with all that they started; resolves when nothing is left. */
export async function endGroups(): Promise<void> {
  const startedMs = performance.now();
  const pids = () => [...groups].flatMap(([{ pid }, mark]) => (pid ? [-pid, ...processesThatKnow(mark).keys()] : []));
  for (const { pid } of groups.keys()) if (pid) send(-pid, "SIGTERM");
  for (const [afterMs, next] of [
    [ASK_AGAIN_MS, "SIGTERM"],
    [KILL_MS, "SIGKILL"],
    [KILL_MS + 2_000, "SIGKILL"],
  ] as const) {
    while (performance.now() - startedMs < afterMs) {
      if (!pids().some((pid) => send(pid, 0))) return;
      await delay(100);
    }
    for (const pid of pids()) send(pid, next);
  }
}

/** False when there is no such process or group. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // gone
  }
}

/** Command lines of all processes that have `text` in their arguments or environment, by id; Linux only. */
export function processesThatKnow(text: string): Map<number, string> {
  if (process.platform !== "linux") return new Map();
  const found = new Map<number, string>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      const known = line + readFileSync(`/proc/${pid}/environ`, "utf8");
      if (known.includes(text)) found.set(Number(pid), line);
    } catch {
      // gone meanwhile, or somebody else's
    }
  }
  return found;
}

/** Kills what has `text` in its arguments or environment: the last resort after an ordered stop. */
export function killThoseThatKnow(text: string): void {
  for (const pid of processesThatKnow(text).keys()) send(pid, "SIGKILL");
}
