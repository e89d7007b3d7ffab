import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { monotonicMs } from "../agent/kernel/clock.ts";
import { signalGroup } from "../integrations/local/instance/process.ts";
import { forgetProcess, recordProcess } from "./orphan-processes.ts";
import { createProcessLog } from "./process-log.ts";
import { LONGEST_DELAY_MS, recentEnds, restartDelayMs, TROUBLED_AFTER, withEnd } from "./restart-policy.ts";
import { measureSilence, silenceNotices } from "./silence.ts";

const PING_MS = 5_000;
/** A process that answered once and then is silent for so long before it is ready hangs: its event loop stands still. */
const SILENT_MS = 120_000;
/** the same for one that was ready */
const READY_SILENT_MS = 30_000;
/** 30 s of back-off and a start between two notices of one and the same trouble would fill the terminal */
const NOTICE_AGAIN_MS = 300_000;

export interface ProcessSpec {
  name: string;
  /** the module the pinned Node runs */
  file: string;
  /** Node's, before the module */
  flags?: readonly string[];
  /** from SIGTERM to SIGKILL */
  stopTimeoutMs: number;
  /** the same after a second Ctrl-C */
  forcedStopTimeoutMs: number;
  /** silence of one that is not ready yet, until it counts as hung */
  silentMs?: number;
  /** the same for one that was ready */
  readySilentMs?: number;
  pingMs?: number;
}

export interface Surroundings {
  cwd: string;
  env: NodeJS.ProcessEnv;
  dataDir: string;
  /** one line for the terminal */
  notice: (line: string) => void;
  /** aborted by a second Ctrl-C */
  force: AbortSignal;
  /** aborted when the data directory is not ours any more: what runs for us is killed, nothing is started again */
  lost?: AbortSignal;
}

export interface Supervised {
  /** resolves when the process says so for the first time */
  ready: Promise<void>;
  /** resolves with an explanation when it ended so often that others need not wait for it; it is tried again for ever */
  troubled: Promise<string>;
  /** what the process says it waits for before it is ready */
  waitingFor(): string | null;
  /** ends it and starts it again, for hot reload */
  restart(): void;
  stop(): Promise<void>;
}

interface EndNotices {
  name: string;
  /** its log */
  file: string;
  notice: (line: string) => void;
  /** between two starts */
  longestDelayMs?: number;
}

/** Says each end of a process to people: every one at first, then, while it does not stay up, once in five minutes. */
export function createEndNotices({ name, file, notice, longestDelayMs = LONGEST_DELAY_MS }: EndNotices) {
  let endedAtMs: number[] = [];
  let readySinceMs: number | null = null;
  const troubled = Promise.withResolvers<string>();
  let saidAtMs = Number.NEGATIVE_INFINITY;
  return {
    troubled: troubled.promise,
    ready: () => {
      readySinceMs ??= performance.now();
    },
    /** Returns how long to wait before the next start. */
    ended(reason: string, lastLines: readonly string[]): number {
      const readyMs = readySinceMs === null ? 0 : performance.now() - readySinceMs;
      readySinceMs = null;
      endedAtMs = withEnd(endedAtMs, monotonicMs(), readyMs);
      const delayMs = restartDelayMs(endedAtMs, longestDelayMs);
      if (recentEnds(endedAtMs) < TROUBLED_AFTER) {
        saidAtMs = Number.NEGATIVE_INFINITY;
        notice(`${name} ended (${reason}); starting it again. Its log: ${file}`);
        return delayMs;
      }
      const last = lastLines.map((line) => `\n  ${line}`).join("");
      const apart = `${longestDelayMs / 1_000} s apart`;
      const explanation = `${name} does not stay up: ${reason}. It is tried again, at most ${apart}. Its log ${file} ends with:${last}`;
      if (monotonicMs() - saidAtMs > NOTICE_AGAIN_MS) {
        saidAtMs = monotonicMs();
        notice(explanation);
      }
      troubled.resolve(explanation);
      return delayMs;
    },
  };
}

/**
 * Starts a process and keeps it running: whenever it ends it is started again with a growing delay, for ever. However
 * long it takes to become ready it is waited for, as long as its event loop answers; one that hangs is killed and
 * replaced. It leads a process group of its own, so a Ctrl-C in the terminal does not reach it, and leaves by itself
 * when its channel to us closes.
 */
export function supervise(spec: ProcessSpec, { cwd, env, dataDir, notice, force, lost }: Surroundings): Supervised {
  const file = join(dataDir, "logs", `${spec.name}.log`);
  const log = createProcessLog({ file, onError: (message) => notice(`${spec.name}: ${message}`) });
  const ends = createEndNotices({ name: spec.name, file, notice });
  const ready = Promise.withResolvers<void>();
  let child: ChildProcess | null = null;
  let again: NodeJS.Timeout | undefined;
  let stopping = false;
  let reloading = false;
  let waitingFor: string | null = null;

  const ended = (reason: string) => {
    child = null;
    waitingFor = null;
    if (lost?.aborted) return; // what is written down there is another's
    forgetProcess(dataDir, spec.name);
    if (stopping) return;
    if (reloading) {
      reloading = false;
      launch();
      return;
    }
    again = setTimeout(launch, ends.ended(reason, log.lastLines(6)));
  };

  function launch(): void {
    const current = spawn(process.execPath, [...(spec.flags ?? []), spec.file], {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    child = current;
    if (current.pid !== undefined) recordProcess(dataDir, spec.name, current.pid);
    for (const printed of [current.stdout, current.stderr]) {
      const output = log.output();
      printed?.setEncoding("utf8").on("data", output.write).once("end", output.end);
    }
    const watch = watchSilence(current, spec, notice);
    current.on("message", (message) => {
      const type = typeOf(message);
      if (type === "pong") watch.heard();
      if (type === "waiting") waitingFor = String((message as { what?: unknown }).what);
      if (type !== "ready") return;
      watch.ready();
      ends.ready();
      waitingFor = null;
      ready.resolve();
    });
    const over = (reason: string) => {
      watch.end();
      if (child === current) ended(watch.hung() ?? reason);
    };
    current.once("error", (error) => over(error.message));
    current.once("exit", (code, signal) => over(signal ?? `exit code ${code}`));
  }

  const end = () => {
    stopping = true;
    clearTimeout(again);
    if (child) signalChild(child, "SIGKILL");
  };
  lost?.addEventListener("abort", end, { once: true });

  launch();
  return {
    ready: ready.promise,
    troubled: ends.troubled,
    waitingFor: () => waitingFor,
    restart: () => {
      if (stopping || !child) return;
      reloading = true;
      void terminate(child, spec, force);
    },
    stop: async () => {
      stopping = true;
      clearTimeout(again);
      if (child) await terminate(child, spec, force);
      lost?.removeEventListener("abort", end);
    },
  };
}

const typeOf = (message: unknown): unknown =>
  typeof message === "object" && message !== null && "type" in message ? message.type : null;

/**
 * Asks a process again and again whether its event loop runs, and kills its group when it hangs. One that never
 * answered is judged only while it is stopped: it may still load its modules, on whatever machine this is.
 */
function watchSilence(child: ChildProcess, spec: ProcessSpec, notice: (line: string) => void) {
  const { pingMs = PING_MS } = spec;
  let limitMs = spec.silentMs ?? SILENT_MS;
  const listener = silenceNotices({ name: spec.name, pid: child.pid, limitMs: () => limitMs }, notice);
  const silence = measureSilence(child.pid ?? 0, pingMs, listener);
  let when = " before it was ready";
  let answered = false;
  let hung: string | null = null;
  const ping = () => {
    if (child.connected) child.send({ type: "ping" }, () => {}); // one that is gone says so by its exit
  };
  const timer = setInterval(() => {
    const { silentMs, stopped } = silence.look();
    ping();
    if (!answered && !stopped) return silence.heard();
    if (silentMs > limitMs && hung === null) {
      hung = `it stopped answering${when}`;
      const limit = `${limitMs / 1_000} s of silence`;
      notice(`${spec.name} (pid ${child.pid}) stopped answering${when} (${limit}): it is killed and replaced.`);
      signalChild(child, "SIGKILL");
    }
  }, pingMs);
  timer.unref();
  return {
    heard: () => {
      answered = true;
      silence.heard();
    },
    ready: () => {
      limitMs = spec.readySilentMs ?? READY_SILENT_MS;
      when = "";
      silence.heard();
      ping();
    },
    hung: () => hung,
    end: () => clearInterval(timer),
  };
}

/** SIGTERM to the process, which ends its own children; SIGKILL to its whole group when it takes too long. */
function terminate(child: ChildProcess, spec: ProcessSpec, force: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const kill = () => signalChild(child, "SIGKILL");
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

function signalChild(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child.pid, signal);
}
