import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import { AppError } from "#server/agent/kernel/errors.ts";
import { ControlConnection } from "./control-connection.ts";
import { dropSilentLock, lockOwner } from "./daemon-lock.ts";
import { markedDaemons, markedProcesses, stopOrphans } from "./instance/orphans.ts";
import { adopt, identityOf, signalProcess, terminate } from "./instance/process.ts";
import { DaemonAnswer, LeaveAnswer } from "./protocol.ts";
import { localPaths } from "./state/paths.ts";
import { type ServiceRecord, StateFile } from "./state/state-file.ts";

/** What a supervisor must know of a daemon and instances that outlived the one before it. */

export { PROTOCOL } from "./protocol.ts";
export { worksOn } from "./state/directory.ts";

const POLL_MS = 100;
/** a daemon looks for its lock every second */
const LOST_LEAVE_MS = 4_000;

export interface RunningDaemon {
  pid: number;
  identity: string;
}

/** The daemon that runs on a data directory now, whoever started it; null when none does. */
export const findDaemon = (dataDir: string): RunningDaemon | null => lockOwner(localPaths(dataDir).lock);

/** Drops the lock of a daemon elsewhere that, looked at again and again, gave no sign of life for so long. */
export const dropSilentDaemon = (dataDir: string, silentMs: number): void =>
  dropSilentLock(localPaths(dataDir).lock, silentMs);

/** Daemons that were started for a data directory and hold no lock of it, as after somebody removed it; only on Linux. */
export function findLostDaemons(dataDir: string): RunningDaemon[] {
  const owner = findDaemon(dataDir);
  return markedDaemons(resolve(dataDir)).filter(({ pid }) => pid !== owner?.pid);
}

/**
 * Sees that no daemon without the lock keeps ports and instances from the one that has just taken it. It leaves by
 * itself once it sees that; one of an older kind, or that hangs, is killed. Instances live on. Returns the pids.
 */
export async function partFromLostDaemons(dataDir: string): Promise<number[]> {
  const lost = findLostDaemons(dataDir);
  for (const until = performance.now() + LOST_LEAVE_MS; lost.some(isRunning) && performance.now() < until; )
    await sleep(POLL_MS / 2);
  for (const one of lost.filter(isRunning)) signalProcess(one.pid, "SIGKILL");
  await Promise.all(lost.map(untilGone));
  return lost.map(({ pid }) => pid);
}

export const isRunning = ({ pid, identity }: RunningDaemon): boolean => identityOf(pid) === identity;

/** Resolves when the process is gone. */
export async function untilGone(daemon: RunningDaemon): Promise<void> {
  while (isRunning(daemon)) await sleep(POLL_MS);
}

export type DaemonSelf = z.infer<typeof DaemonAnswer>;

/** What the daemon says about itself; null while it does not answer. One of an older kind has protocol 0. */
export async function askDaemon(dataDir: string): Promise<DaemonSelf | null> {
  const connection = new ControlConnection(localPaths(dataDir).socket);
  try {
    return await connection.call("GET", "daemon", DaemonAnswer);
  } catch (error) {
    if (error instanceof AppError && error.code === "NOT_FOUND")
      return { pid: 0, protocol: 0, build: "", settings: "" };
    if (error instanceof AppError) return null;
    throw error;
  } finally {
    await connection.close();
  }
}

/**
 * What came of asking a daemon to leave. `left`: it has written its state and ended. `unsaved`: it has ended though it
 * could not write. `stays`: it goes on, as it cannot write, for the reason given. `silent`: it hangs, or is of an older
 * kind.
 */
type Leave = { outcome: "left" | "unsaved" | "silent" } | { outcome: "stays"; why: string };

/** Asks a daemon to write its state and end without its instances, within `timeoutMs`. */
export async function leaveDaemon(dataDir: string, daemon: RunningDaemon, timeoutMs: number): Promise<Leave> {
  const connection = new ControlConnection(localPaths(dataDir).socket);
  const over = AbortSignal.timeout(timeoutMs);
  const asked = connection.call("POST", "daemon/leave", LeaveAnswer).then(
    ({ saved }): Leave => ({ outcome: saved ? "left" : "unsaved" }),
    (error: unknown): Leave => {
      if (!(error instanceof AppError)) throw error;
      return error.code === "PRECONDITION" ? { outcome: "stays", why: error.message } : { outcome: "silent" };
    },
  );
  const silent: Leave = { outcome: "silent" };
  const late = new Promise<Leave>((resolve) => over.addEventListener("abort", () => resolve(silent), { once: true }));
  try {
    const told = await Promise.race([asked, late]);
    if (told.outcome !== "left" && told.outcome !== "unsaved") return told;
    while (isRunning(daemon) && !over.aborted) await sleep(POLL_MS / 5);
    return isRunning(daemon) ? silent : told;
  } finally {
    await connection.close();
  }
}

/** Whether a process of an instance runs on a data directory, with a daemon or without, written down or not. */
export const anyInstanceRuns = (dataDir: string): boolean =>
  recordedProcesses(dataDir).some(isRunning) || markedProcesses(resolve(dataDir)).length > 0;

/**
 * Ends all instances of a data directory on which no daemon runs: an ordered stop while the daemon was down must not
 * leave them. SIGTERM, then SIGKILL after `timeoutMs`.
 */
export async function endInstances(dataDir: string, timeoutMs: number): Promise<void> {
  const known = new Map(
    [...recordedProcesses(dataDir), ...markedProcesses(resolve(dataDir))].map((one) => [one.pid, one]),
  );
  const running = [...known.values()].map(({ pid, identity }) => adopt(pid, identity));
  await Promise.all(running.map((one) => (one === null ? undefined : terminate(one, timeoutMs))));
  await stopOrphans(resolve(dataDir), () => null);
}

function recordedProcesses(dataDir: string): RunningDaemon[] {
  let services: ServiceRecord[];
  try {
    services = new StateFile(localPaths(dataDir).state).load().services;
  } catch (error) {
    if (error instanceof AppError) return []; // the daemon itself says what is wrong with the file
    throw error;
  }
  return services.flatMap(({ instances }) => instances.flatMap((one) => (one.process ? [one.process] : [])));
}
