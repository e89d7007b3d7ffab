import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../agent/kernel/errors.ts";
import { resume, send } from "./postgres-hang.ts";

/** The server that runs on a cluster, found by its pid file and recognised by itself: a pid may be anybody's by now. */

const pidFileOf = (cluster: string): string => join(cluster, "postmaster.pid");

/** 0 where there is no number. */
function pidIn(cluster: string): number {
  try {
    const pid = Number(readFileSync(pidFileOf(cluster), "utf8").split("\n")[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}

/**
 * The live postmaster of a cluster; null when there is none, or when the pid in its file is another process's: then
 * postgres itself decides about the file.
 */
export function findPostmaster(cluster: string): number | null {
  const pid = pidIn(cluster);
  return pid !== 0 && isPostmasterOf(pid, cluster) ? pid : null;
}

/** A postmaster runs the program `postgres` with `-D` and works in the cluster; its children change their arguments. */
function isPostmasterOf(pid: number, cluster: string): boolean {
  try {
    if (process.platform !== "linux") {
      const command = execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
      return /^\S*postgres /.test(command) && command.includes(` -D ${cluster} `);
    }
    const program = readlinkSync(`/proc/${pid}/exe`);
    const [, ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    if (!/\/postgres( \(deleted\))?$/.test(program) || !args.includes("-D")) return false;
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
  } catch {
    return false; // gone, or another user's
  }
}

/** Fast, then immediate, then by force: what is committed is safe in each case. */
const WAYS_TO_STOP = [
  ["SIGINT", 15_000],
  ["SIGQUIT", 5_000],
  ["SIGKILL", 5_000],
] as const;

/** Stops the server that an earlier supervisor left on a cluster. @throws PRECONDITION when it does not stop */
export async function stopLeftover(cluster: string): Promise<void> {
  const pid = findPostmaster(cluster);
  if (pid === null) return untilCollected(cluster);
  for (const [signal, withinMs] of WAYS_TO_STOP) {
    if (findPostmaster(cluster) !== pid) return untilCollected(cluster);
    send(pid, signal);
    resume(pid); // one that was stopped by SIGSTOP takes the order, too
    for (let waited = 0; waited < withinMs; waited += 50) {
      if (findPostmaster(cluster) !== pid) return untilCollected(cluster);
      await delay(50);
    }
  }
  throw new AppError(
    "PRECONDITION",
    `A PostgreSQL (pid ${pid}) still runs on ${cluster} and does not stop. End it, then start again.`,
  );
}

/** A killed postmaster whose parent is gone, too, keeps its number until init collects it; postgres takes it for alive. */
async function untilCollected(cluster: string): Promise<void> {
  if (process.platform !== "linux" || !existsSync(pidFileOf(cluster))) return;
  const pid = pidIn(cluster);
  const isZombie = () => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "latin1").includes(") Z ");
    } catch {
      return false; // gone
    }
  };
  for (let waited = 0; waited < 15_000 && isZombie(); waited += 50) await delay(50);
}
