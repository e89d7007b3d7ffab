import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "#server/agent/kernel/errors.ts";
import { openLogSinks } from "../logs/log-writer.ts";

/** Starting, recognising and ending the operating-system processes of instances. */

export interface ExitInfo {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process of ours, started by this daemon or taken over from one before it. */
export interface RunningProcess {
  pid: number;
  /** start time as the kernel knows it: with the pid it names one process for ever */
  identity: string;
  /** as what started it marked it and all that it starts; absent: not known */
  launchId?: string | undefined;
  /** never rejects; null when the exit status of an adopted process cannot be known */
  exited: Promise<ExitInfo | null>;
  /** never rejects; what it printed is in its log, or was dropped. Of an adopted process it cannot be known. */
  logged: Promise<void>;
}

export interface LaunchInput {
  command: readonly string[];
  cwd: string;
  env: Record<string, string>;
  stdoutFile: string;
  stderrFile: string;
}

const ADOPTED_POLL_MS = 200;
/** differs for each process that is started for an instance; what that process starts inherits it */
export const LAUNCH_VARIABLE = "OPERATE_LOCAL_LAUNCH";

/** Start times count from boot: with the boot's id the pid and start time of last week's process never match. */
const BOOT_ID =
  process.platform === "linux" ? readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim().slice(0, 8) : "";

const readProc = (pid: number): string[] | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The command name stands in parentheses and may hold anything; fields count from behind the last one.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
};

/** The start time of a live process; null when there is none or only a zombie is left. */
export function identityOf(pid: number): string | null {
  if (process.platform === "linux") {
    const fields = readProc(pid);
    return fields === null || fields[0] === "Z" || fields[0] === "X" ? null : `${BOOT_ID}:${fields[19]}`;
  }
  try {
    const [state, ...started] = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .split(/\s+/);
    return state === undefined || state === "" || state.startsWith("Z") ? null : started.join(" ");
  } catch {
    return null;
  }
}

/** What a live process was started with, a variable a line; Linux only, none of one that is gone or another user's. */
export function environmentOf(pid: number): string[] {
  if (process.platform !== "linux") return [];
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** The launch that a live process belongs to; Linux only. */
export const launchOf = (pid: number): string | undefined =>
  environmentOf(pid)
    .find((line) => line.startsWith(`${LAUNCH_VARIABLE}=`))
    ?.slice(LAUNCH_VARIABLE.length + 1);

/** The process group of a process; Linux only, null elsewhere or when it is gone. */
export const groupOf = (pid: number): number | null => {
  const fields = process.platform === "linux" ? readProc(pid) : null;
  return fields?.[2] === undefined ? null : Number(fields[2]);
};

/** Signals a process and everything it forked; a group that is gone is fine. */
export const signalGroup = (pid: number, signal: NodeJS.Signals): void => signalProcess(-pid, signal);

/** Signals a process; one that is gone is fine. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Starts a command without a shell, in its own process group. It and the writers of its log outlive this daemon.
 * @throws PRECONDITION that says what cannot be started
 */
export async function launch(input: LaunchInput): Promise<RunningProcess> {
  const [file = "", ...args] = input.command;
  if (!existsSync(input.cwd)) throw new AppError("PRECONDITION", `the folder ${input.cwd} does not exist`);
  const sinks = await openLogSinks([input.stdoutFile, input.stderrFile]);
  try {
    const child = spawn(file, args, {
      cwd: input.cwd,
      env: input.env as NodeJS.ProcessEnv,
      detached: true,
      stdio: ["ignore", ...sinks.fds],
    });
    const exited = new Promise<ExitInfo>((resolve) => {
      child.once("exit", (code, signal) => {
        // What it forked dies with it: the group outlives its leader.
        if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
        resolve({ code, signal });
      });
    });
    await once(child, "spawn");
    const pid = child.pid ?? 0;
    const launchId = input.env[LAUNCH_VARIABLE];
    return { pid, identity: identityOf(pid) ?? "gone", launchId, exited, logged: sinks.logged };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT" ? `command not found: ${file}` : `${file} cannot be started (${code ?? String(cause)})`;
    throw new AppError("PRECONDITION", reason, { cause });
  } finally {
    sinks.close();
  }
}

/** Takes over a process that an earlier daemon started; null when it is gone. */
export function adopt(pid: number, identity: string): RunningProcess | null {
  if (identityOf(pid) !== identity) return null;
  const watch = async (): Promise<null> => {
    while (identityOf(pid) === identity) await sleep(ADOPTED_POLL_MS);
    signalGroup(pid, "SIGKILL");
    return null;
  };
  return { pid, identity, launchId: launchOf(pid), exited: watch(), logged: Promise.resolve() };
}

/** SIGTERM, then SIGKILL after `timeoutMs`; resolves when the process is gone, with whether SIGKILL was needed. */
export async function terminate(running: RunningProcess, timeoutMs: number): Promise<boolean> {
  signalGroup(running.pid, "SIGTERM");
  const controller = new AbortController();
  const gone = running.exited.then(() => controller.abort());
  try {
    await sleep(timeoutMs, undefined, { signal: controller.signal });
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    return false;
  }
  signalGroup(running.pid, "SIGKILL");
  await gone;
  return true;
}
