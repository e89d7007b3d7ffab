import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { tailOf } from "../db/embedded-files.ts";
import { identityOf, signalProcess } from "../integrations/local/instance/process.ts";
import {
  endInstances,
  findDaemon,
  findLostDaemons,
  isRunning,
  leaveDaemon,
  PROTOCOL,
  type RunningDaemon,
  untilGone,
} from "../integrations/local/running-daemon.ts";
import { type DaemonWatch, HUNG, watchDaemon } from "./daemon-watch.ts";
import { followLog } from "./follow-log.ts";
import { createLogReader } from "./process-log.ts";
import { createEndNotices, type ProcessSpec, type Supervised, type Surroundings } from "./supervised-process.ts";

/** traffic hangs on the daemon: one that was ready may be silent for no longer */
const HANG_MS = 10_000;
/** traffic waits for it */
const LONGEST_DELAY_MS = 1_000;
/** for a daemon that is replaced to write its state and end; its balancers are away until the next one is there */
const LEAVE_MS = 3_000;
/** one that stays because it cannot write its state is asked again so often */
const LEAVE_AGAIN_MS = 2_000;
const LEAVE_AGAIN = Symbol("leave again");
/** from the kill of a daemon that did not stop in order: its instances get this long, too */
const INSTANCES_STOP_MS = 5_000;

interface Options extends Surroundings {
  /** text that stands for all the daemon is started with */
  settings: string;
  /** silence after which a daemon that was ready counts as hung */
  hangMs?: number;
}

export interface SupervisedDaemon extends Supervised {
  /** Lets go of the daemon and its instances: they go on, and the next start adopts them. */
  leave(): Promise<void>;
}

/**
 * Adopts the daemon that runs on the data directory, or starts one, and keeps one running. The daemon is a process of
 * its own session that writes its own log: it outlives this process, and nothing but `stop` stops its instances.
 */
export function superviseDaemon(spec: ProcessSpec, options: Options): SupervisedDaemon {
  const { dataDir, notice, force } = options;
  const file = join(dataDir, "logs", `${spec.name}.log`);
  const build = buildOf(join(options.cwd, "server/integrations/local"));
  const env = {
    ...options.env,
    OPERATE_DAEMON_LOG: file,
    OPERATE_DAEMON_BUILD: build,
    OPERATE_DAEMON_SETTINGS: hashOf(options.settings),
  };
  const ends = createEndNotices({ name: spec.name, file, notice, longestDelayMs: LONGEST_DELAY_MS });
  const reader = createLogReader((message) => notice(`${spec.name}: ${message}`));
  const following = followLog(file, reader.read);
  const ready = Promise.withResolvers<void>();
  const leaving = new AbortController();
  const letGo = new Promise<void>((resolve) => leaving.signal.addEventListener("abort", () => resolve()));
  options.lost?.addEventListener("abort", () => leaving.abort(), { once: true }); // the daemon looks after its own lock
  let current: { daemon: RunningDaemon; gone: Promise<unknown> } | null = null;

  const keepRunning = async () => {
    while (!leaving.signal.aborted) await keepOne();
  };

  /** From the adoption or start of one daemon until another look at what runs is due. */
  const keepOne = async () => {
    const found = findDaemon(dataDir);
    const { daemon, gone } = found ? { daemon: found, gone: untilGone(found) } : launch(spec, env, options.cwd, file);
    current = { daemon, gone };
    const watch = watchDaemon(dataDir, daemon, { hangMs: options.hangMs ?? HANG_MS, signal: leaving.signal, notice });
    const stay = found ? await mayStay(found, watch) : "stays";
    if (stay === "goes") return;
    void watch.answered.then((answer) => {
      if (!answer) return;
      ready.resolve();
      ends.ready();
    });
    const ending: Promise<unknown>[] = [gone, watch.hung, letGo];
    if (stay === "for now") ending.push(delay(LEAVE_AGAIN_MS, LEAVE_AGAIN, { ref: false }));
    const reason = await Promise.race(ending);
    watch.end();
    if (leaving.signal.aborted || reason === LEAVE_AGAIN) return;
    if (reason === HUNG) await replaceHung(daemon);
    current = null;
    const why = reason === HUNG ? "it stopped answering" : typeof reason === "string" ? reason : "killed";
    const again = ends.ended(why, tailOf(file, 6).split("\n"));
    await delay(again, undefined, { signal: leaving.signal }).catch(() => undefined); // seen by the loop's condition
  };

  /** Which leaves the instances running, whatever state the daemon is in. */
  const kill = async (daemon: RunningDaemon) => {
    if (isRunning(daemon)) signalProcess(daemon.pid, "SIGKILL");
    await untilGone(daemon);
  };

  const replaceHung = (daemon: RunningDaemon) => {
    notice(`daemon (pid ${daemon.pid}) does not answer: it is killed and replaced. Its instances live on.`);
    return kill(daemon);
  };

  /** Whether a daemon that was found running is adopted; one that hangs, or has other settings, is ended. */
  const mayStay = async (daemon: RunningDaemon, watch: DaemonWatch): Promise<"stays" | "for now" | "goes"> => {
    const answer = await Promise.race([watch.answered, watch.hung, letGo]);
    if (answer === HUNG || !answer) {
      watch.end();
      if (answer === HUNG && !leaving.signal.aborted) await replaceHung(daemon);
      return "goes";
    }
    const differs =
      answer.protocol !== PROTOCOL ? "speaks another protocol" : answer.settings !== env.OPERATE_DAEMON_SETTINGS;
    if (!differs) {
      notice(`Adopted the running daemon (pid ${daemon.pid}); its instances served on.`);
      if (answer.build !== build)
        notice("It runs the code of another release; an ordered stop and a start replace it.");
      return "stays";
    }
    const why = differs === true ? "was started with another configuration" : differs;
    const left = await leaveDaemon(dataDir, daemon, LEAVE_MS);
    if (left.outcome === "stays" && differs === true) {
      sayKept(daemon, `${why}, and goes on with it for now: ${left.why}`);
      return "for now";
    }
    watch.end();
    notice(`The running daemon (pid ${daemon.pid}) ${why}; a new one takes over its instances.`);
    if (left.outcome === "stays" || left.outcome === "unsaved")
      notice("What it knew last could not be written: look which versions get requests, and free room on the disk.");
    if (isRunning(daemon)) await kill(daemon);
    return "goes";
  };

  let kept: RunningDaemon | null = null;
  /** Once per daemon: it alone knows the weights that were set last, and a new one would begin with older ones. */
  const sayKept = (daemon: RunningDaemon, why: string) => {
    if (kept?.identity === daemon.identity) return;
    kept = daemon;
    notice(`The running daemon (pid ${daemon.pid}) ${why} A new one takes over as soon as it can be written.`);
  };

  const keeping = keepRunning();
  keeping.catch((error: unknown) => notice(`${spec.name} is no longer watched: ${String(error)}`));

  const letGoOf = async () => {
    leaving.abort();
    await keeping;
    following.close();
  };
  return {
    ready: ready.promise,
    troubled: ends.troubled,
    waitingFor: () => null,
    restart: () => {},
    leave: letGoOf,
    stop: async () => {
      await letGoOf();
      const daemon = current?.daemon ?? findDaemon(dataDir);
      if (daemon && isRunning(daemon)) await stopDaemon(daemon, spec, force);
      for (const lost of findLostDaemons(dataDir)) await kill(lost); // it would start its instances again
      // of a daemon that was down, that had to be killed, or that ended before it had adopted them
      await endInstances(dataDir, force.aborted ? 0 : INSTANCES_STOP_MS);
    },
  };
}

function launch(spec: ProcessSpec, env: NodeJS.ProcessEnv, cwd: string, file: string) {
  const log = openLog(file);
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...(spec.flags ?? []), spec.file], {
      ...{ cwd, env, detached: true },
      stdio: ["ignore", log, log],
    });
  } finally {
    closeSync(log);
  }
  child.unref();
  const gone = Promise.race([
    once(child, "exit").then(([code, signal]) => String(signal ?? `exit code ${code}`)),
    once(child, "error").then(([error]) => String(error)),
  ]).catch((error: unknown) => String(error));
  const daemon = { pid: child.pid ?? 0, identity: identityOf(child.pid ?? 0) ?? "gone" };
  return { daemon, gone };
}

/** A full disk may have no room for the log; the daemon runs all the same. */
function openLog(file: string): number {
  try {
    return openSync(file, "a", 0o600);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return openSync("/dev/null", "a");
  }
}

/** SIGTERM; once more, which ends the instances at once, after a second Ctrl-C; SIGKILL when it takes too long. */
async function stopDaemon(daemon: RunningDaemon, spec: ProcessSpec, force: AbortSignal): Promise<void> {
  const signal = (name: NodeJS.Signals) => isRunning(daemon) && signalProcess(daemon.pid, name);
  const kill = () => signal("SIGKILL");
  let timer = setTimeout(kill, spec.stopTimeoutMs);
  const hurry = () => {
    clearTimeout(timer);
    timer = setTimeout(kill, spec.forcedStopTimeoutMs);
    signal("SIGTERM");
  };
  signal("SIGTERM");
  if (force.aborted) hurry();
  else force.addEventListener("abort", hurry, { once: true });
  await untilGone(daemon);
  clearTimeout(timer);
  force.removeEventListener("abort", hurry);
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** Names the code of the daemon: tests beside it are none of it. */
function buildOf(folder: string): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort())
    if (name.endsWith(".ts") && !name.endsWith(".test.ts")) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}
