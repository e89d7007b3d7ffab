import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../agent/kernel/errors.ts";

/**
 * A lock that the kernel holds for the processes of a server. A postmaster.pid means something in one process
 * namespace only; this one also tells that a server of another container, or a paused one, is still there. It is put on
 * a file that every cluster has and nobody removes.
 */

const WAIT_MS = 5_000;
const LOOK_AGAIN_MS = 100;

/**
 * Locks a cluster by flock(2). The descriptor that is returned is to be inherited by the server
 * and then closed here: the lock belongs to all that inherited it, and goes with the last of them, however it ends.
 * Null where there is no program `flock`, or the file system knows no such locks.
 * @throws CONFLICT while processes of another server hold it
 */
export async function lockCluster(cluster: string, signal?: AbortSignal): Promise<number | null> {
  const descriptor = openSync(join(cluster, "PG_VERSION"), "r+");
  try {
    for (const until = performance.now() + WAIT_MS; ; await delay(LOOK_AGAIN_MS)) {
      const outcome = tryLock(descriptor);
      if (outcome === "locked") return descriptor;
      if (outcome === "impossible") break;
      if (signal?.aborted || performance.now() > until)
        throw new AppError(
          "CONFLICT",
          `A PostgreSQL of another container, or one that is paused, still uses ${cluster}. Resume or end it there; nothing was changed.`,
        );
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  closeSync(descriptor);
  return null;
}

/** The program locks the open file that it shares with this process, and so for longer than it lives. */
function tryLock(descriptor: number): "locked" | "held" | "impossible" {
  const { status, stderr, error } = spawnSync("flock", ["-n", "3"], {
    stdio: ["ignore", "ignore", "pipe", descriptor],
    encoding: "utf8",
  });
  if (error) return "impossible";
  if (status === 0) return "locked";
  return status === 1 && stderr === "" ? "held" : "impossible";
}
