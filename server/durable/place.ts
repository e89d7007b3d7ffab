import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * The machine, its boot and the process namespace: within one place a process id means the same process, so a worker
 * can see that another one is gone without waiting for its heartbeat to go stale.
 */
export function currentPlace(): string {
  if (process.platform !== "linux") return `${process.platform}:${hostname()}`;
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}:${readlinkSync("/proc/self/ns/pid")}`;
  } catch (error) {
    if (error instanceof Error && "code" in error) return ""; // no /proc: nobody judges this worker by its process id
    throw error;
  }
}

/** Whether a process of this place exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
