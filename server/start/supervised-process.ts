import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createProcessLog } from "./process-log.ts";
import { restartDelayMs } from "./restart-policy.ts";

export interface ProcessSpec {
  name: string;
  /** the module the pinned Node runs */
  file: string;
  /** Node's, before the module */
  flags?: readonly string[];
  /** without an essential process Operate as a whole gives up */
  essential: boolean;
  readyTimeoutMs: number;
  /** from SIGTERM to SIGKILL */
  stopTimeoutMs: number;
  /** the same after a second Ctrl-C */
  forcedStopTimeoutMs: number;
}

interface Surroundings {
  cwd: string;
  env: NodeJS.ProcessEnv;
  logDir: string;
  /** one line for the terminal */
  notice: (line: string) => void;
  /** aborted by a second Ctrl-C */
  force: AbortSignal;
}

export interface Supervised {
  /** resolves when the process says so for the first time */
  ready: Promise<void>;
  /** resolves with an explanation when restarting it was given up; never when it was stopped */
  failed: Promise<string>;
  /** ends it and starts it again, for hot reload */
  restart(): void;
  stop(): Promise<void>;
}

/**
 * Starts a process and keeps it running: restarted with back-off when it ends, given up after five ends within a
 * minute. It leads a process group of its own, so a Ctrl-C in the terminal does not reach it, and leaves by itself
 * when its channel to us closes.
 */
export function supervise(spec: ProcessSpec, { cwd, env, logDir, notice, force }: Surroundings): Supervised {
  const file = join(logDir, `${spec.name}.log`);
  const log = createProcessLog({ file, onError: (message) => notice(`${spec.name}: ${message}`) });
  const ready = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<string>();
  const endedAtMs: number[] = [];
  let child: ChildProcess | null = null;
  let again: NodeJS.Timeout | undefined;
  let stopping = false;
  let reloading = false;

  const ended = (reason: string) => {
    child = null;
    if (stopping) return;
    if (reloading) {
      reloading = false;
      launch();
      return;
    }
    endedAtMs.push(Date.now());
    const delayMs = restartDelayMs(endedAtMs);
    if (delayMs === null) {
      const last = log.lastLines(6).map((line) => `\n  ${line}`);
      failed.resolve(`${spec.name} does not stay up: ${reason}. Its log ${file} ends with:${last.join("")}`);
      return;
    }
    notice(`${spec.name} ended (${reason}); starting it again. Its log: ${file}`);
    again = setTimeout(launch, delayMs);
  };

  function launch(): void {
    const current = spawn(process.execPath, [...(spec.flags ?? []), spec.file], {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    child = current;
    current.stdout?.setEncoding("utf8").on("data", log.write);
    current.stderr?.setEncoding("utf8").on("data", log.write);
    let slow = false;
    const deadline = setTimeout(() => {
      slow = true;
      signalGroup(current, "SIGKILL");
    }, spec.readyTimeoutMs);
    current.on("message", (message) => {
      if (!isReady(message)) return;
      clearTimeout(deadline);
      ready.resolve();
    });
    const over = (reason: string) => {
      clearTimeout(deadline);
      if (child === current) ended(slow ? `not ready in ${spec.readyTimeoutMs / 1000} s` : reason);
    };
    current.once("error", (error) => over(error.message));
    current.once("exit", (code, signal) => over(signal ?? `exit code ${code}`));
  }

  launch();
  return {
    ready: ready.promise,
    failed: failed.promise,
    restart: () => {
      if (stopping || !child) return;
      reloading = true;
      void terminate(child, spec, force);
    },
    stop: async () => {
      stopping = true;
      clearTimeout(again);
      if (child) await terminate(child, spec, force);
    },
  };
}

const isReady = (message: unknown): boolean =>
  typeof message === "object" && message !== null && "type" in message && message.type === "ready";

/** SIGTERM to the process, which ends its own children; SIGKILL to its whole group when it takes too long. */
function terminate(child: ChildProcess, spec: ProcessSpec, force: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const kill = () => signalGroup(child, "SIGKILL");
    let timer = setTimeout(kill, force.aborted ? spec.forcedStopTimeoutMs : spec.stopTimeoutMs);
    const hurry = () => {
      clearTimeout(timer);
      timer = setTimeout(kill, spec.forcedStopTimeoutMs);
    };
    force.addEventListener("abort", hurry, { once: true });
    child.once("exit", () => {
      clearTimeout(timer);
      force.removeEventListener("abort", hurry);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, signal);
}
