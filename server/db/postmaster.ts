import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { directoryOf } from "../../scripts/bootstrap/lock-holder.mjs";
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

/** The live postmaster of a cluster; null when there is none, or when the pid in its file is another process's. */
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
    return isCwdOf(pid, cluster);
  } catch {
    return false; // gone, or another user's
  }
}

const isCwdOf = (pid: number, cluster: string): boolean => {
  const cwd = directoryOf(`/proc/${pid}/cwd`);
  return cwd !== null && cwd === directoryOf(cluster);
};

/**
 * Moves away a postmaster.pid whose number is alive again as another process, or is the server's of the directory that
 * this one was copied from: postgres would take it for a running server. Returns where it lies now; null when it stays.
 * Who calls has locked the cluster, so that no server of another process namespace is meant.
 */
export function setStalePidFileAside(cluster: string): string | null {
  const file = pidFileOf(cluster);
  // a standalone server writes its number negative
  const pid = Math.abs(Number(existsSync(file) ? readFileSync(file, "utf8").split("\n")[0] : 0));
  if (process.platform !== "linux" || !Number.isInteger(pid) || pid <= 1 || !provenForeign(pid, cluster)) return null;
  const aside = `${file}.stale`;
  renameSync(file, aside);
  return aside;
}

/** Whether a live process is seen to be no server of this cluster: it is another program, or works elsewhere. */
function provenForeign(pid: number, cluster: string): boolean {
  try {
    const isPostgres = /\/postgres( \(deleted\))?$/.test(readlinkSync(`/proc/${pid}/exe`));
    statSync(`/proc/${pid}/cwd`);
    return !isPostgres || !isCwdOf(pid, cluster);
  } catch (error) {
    // a kernel thread and a zombie have no program; of one that is gone, or another user's, postgres itself sees it
    const noProgram = error instanceof Error && "code" in error && error.code === "ENOENT";
    return noProgram && existsSync(`/proc/${pid}`);
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
