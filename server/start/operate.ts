import { createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { HeldLock } from "../../scripts/bootstrap/file-lock.mjs";
import { withoutConfidential } from "../agent/kernel/confidential/confidential.ts";
import { writeAppliedConfig } from "../config/applied.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { variablesIn } from "../config/placeholders.ts";
import { startWarnings } from "../config/start-warnings.ts";
import { isDatabaseAway } from "../db/patience.ts";
import { watchLaunchValues } from "../integrations/local/instance/launch-values.ts";
import { anyInstanceRuns, findDaemon } from "../integrations/local/running-daemon.ts";
import { claimDataDir, ownSecrets, withRoom } from "./data-dir.ts";
import { superviseDatabase } from "./database.ts";
import { watchServer } from "./hot-reload.ts";
import type { StartOptions } from "./options.ts";
import { stopOrphanProcesses } from "./orphan-processes.ts";
import { assertPortFree } from "./port.ts";
import { DAEMON, environmentOf, type Handed, processesFor } from "./processes.ts";
import type { StopRequests } from "./signals.ts";
import { superviseDaemon } from "./supervised-daemon.ts";
import { type ProcessSpec, type Supervised, supervise } from "./supervised-process.ts";
import { refuseEarly, takeDatabase } from "./take-database.ts";

interface Terminal {
  line(text: string): void;
  /** prints the stage's name and how long it took, and now and then what it waits for */
  stage<T>(name: string, work: Promise<T>, waitingFor?: () => string | null): Promise<T>;
}

/**
 * How a running Operate ended: all of it by order; without its daemon and instances because its terminal is gone; or
 * at once because its data directory is another's now.
 */
export type Ending = "stopped" | "left" | "lost";

/**
 * Starts everything, says when it is ready, keeps it running, and returns when it was stopped. The data plane (the
 * daemon with balancers and instances) comes first and depends on nothing else. Stopped are, in this order: traffic,
 * web, worker, collector, PostgreSQL, daemon. Only an order stops the daemon, or a refused start that began it. Once
 * the lock of the data directory is lost nothing is stopped in order: its processes are killed, nothing is written.
 * @throws AppError for what can be put right: data directory, configuration, port, database.
 */
export async function operate(
  options: StartOptions,
  root: string,
  terminal: Terminal,
  requests: StopRequests,
): Promise<Ending> {
  const { stop, leave } = requests;
  const { dataDir } = options;
  const lock = await claimDataDir({ dataDir, notice: notices(terminal), stop: AbortSignal.any([stop, leave]) });
  const run = async (): Promise<Ending> => {
    const started = new AsyncDisposableStack();
    started.defer(() => lock.release());
    try {
      return await startAndWait({ options, root, terminal, requests, started, lock });
    } finally {
      await started.disposeAsync();
    }
  };
  const lost = untilAborted(lock.lost, "lost" as const);
  const running = run();
  const ending = await Promise.race([lost, running]).catch((error: unknown) => {
    if (lock.lost.aborted) return "lost" as const;
    throw error;
  });
  if (ending !== "lost" && !lock.lost.aborted) return ending;
  running.catch(() => undefined); // what fails now fails because its processes were killed
  terminal.line(
    `Operate ended at once: ${lock.lost.reason}, so another one may run on ${dataDir} now. Its own PostgreSQL and console were killed; what was committed is safe, and nothing was written since. Start it again only if no other one is meant to run there.`,
  );
  return "lost";
}

interface Start {
  options: StartOptions;
  root: string;
  terminal: Terminal;
  requests: StopRequests;
  started: AsyncDisposableStack;
  lock: HeldLock;
}

async function startAndWait({ options, root, terminal, requests, started, lock }: Start): Promise<Ending> {
  const { stop, leave, force } = requests;
  const room = { dataDir: options.dataDir, notice: notices(terminal), stop: AbortSignal.any([stop, leave]) };
  const loaded = loadConfig(options.configFile);
  for (const warning of startWarnings(loaded, process.env)) notices(terminal)(`Warning: ${warning}`);
  const ended = await stopOrphanProcesses(options.dataDir);
  if (ended.length > 0) terminal.line(`Ended what an earlier start left: ${ended.join(", ")}.`);
  await assertPortFree(options.host, options.port);
  await refuseEarly(options);
  const secrets = await withRoom(() => ownSecrets(options.dataDir, process.env), room);
  const launchValues = watchLaunchValues(options.dataDir, secrets.valuesKey);
  started.defer(() => launchValues.close());

  const surroundings = { cwd: root, dataDir: options.dataDir, notice: notices(terminal), force, lost: lock.lost };
  const running = new Map<string, Supervised>();
  const over = Promise.race([untilAborted(stop, "stopped" as const), untilAborted(leave, "left" as const)]);
  const served = anyInstanceRuns(options.dataDir) || findDaemon(options.dataDir) !== null;
  const kept = served || existsSync(join(options.dataDir, "local", "state.json"));
  const specs = processesFor(loaded.config, root, kept);
  const appliedConfig = await withRoom(() => writeAppliedConfig(loaded, options.dataDir), room);

  let refused = true;
  const daemonSpec = specs.find((spec) => spec.name === DAEMON);
  if (daemonSpec) {
    const env = environmentOf(DAEMON, options, { ...secrets, databaseUrl: "", setupToken: null, appliedConfig });
    const settings = daemonSettings(loaded, options, { ...secrets, env: process.env });
    const daemon = superviseDaemon(daemonSpec, { ...surroundings, env, settings });
    const mayStop = () => !lock.lost.aborted && (stop.aborted || (refused && !served));
    started.defer(() => (mayStop() ? daemon.stop() : daemon.leave()));
    running.set(DAEMON, daemon);
  }

  const database = await openDatabase({ options, terminal, requests, started, lock });
  if (stop.aborted || leave.aborted || !database) return over;
  const handed: Handed = { databaseUrl: database.url, setupToken: database.setupToken, appliedConfig, ...secrets };
  for (const spec of specs) {
    if (spec.name === DAEMON) continue;
    const one = supervise(spec, { ...surroundings, env: environmentOf(spec.name, options, handed) });
    started.defer(() => one.stop());
    running.set(spec.name, one);
  }
  refused = false;

  const early = await Promise.race([allReady(specs, running, terminal), over]);
  if (typeof early === "string") return over;
  if (options.dev) {
    const watcher = watchServer(root, () => {
      for (const name of ["worker", "collector"]) running.get(name)?.restart();
    });
    started.defer(() => watcher.close());
  }
  announce({ options, setupToken: database.setupToken, missing: early, line: terminal.line });
  return over;
}

/** Resolves when the console can be reached, with the names of what did not come up; that is tried again for ever. */
async function allReady(
  specs: ProcessSpec[],
  running: Map<string, Supervised>,
  { stage }: Terminal,
): Promise<string[]> {
  const states = specs.map(async ({ name }) => {
    const one = running.get(name);
    if (!one) return null;
    const ready = stage(name, one.ready, one.waitingFor);
    const here = ready.then(() => null);
    return name === "web" ? here : Promise.race([here, one.troubled.then(() => name)]);
  });
  return (await Promise.all(states)).filter((name) => name !== null);
}

/**
 * All the daemon is started with and cannot learn later: another text, and a running one is not adopted but replaced.
 * The values of variables that the configuration refers to stand in it as a keyed hash.
 */
export function daemonSettings(
  { file, text }: Pick<LoadedConfig, "file" | "text">,
  { host, port }: Pick<StartOptions, "host" | "port">,
  { ingestSecret, valuesKey, env }: { ingestSecret: string; valuesKey: string; env: NodeJS.ProcessEnv },
): string {
  const values = [...variablesIn(text)].sort().map((name) => [name, env[name] ?? null]);
  const hash = createHmac("sha256", ingestSecret).update(JSON.stringify(values)).digest("hex");
  return JSON.stringify([file, text, host, port, ingestSecret, valuesKey, hash]);
}

/** What is said about processes quotes their logs; only the set-up link is printed with its secret. */
const notices = (terminal: Terminal) => (line: string) => terminal.line(withoutConfidential(line));

/** Opens the database, brings it to this release's schema and sees that it is ours; null when a stop came first. */
async function openDatabase({ options, terminal, requests, started, lock }: Omit<Start, "root">) {
  const signal = AbortSignal.any([requests.stop, requests.leave]);
  let why: string | null = null;
  const opening = async () => {
    const url =
      options.databaseUrl ?? (await startEmbedded(options.dataDir, { terminal, requests, started, lock, signal }));
    const onWaiting = (error: unknown) => {
      why = error instanceof Error ? error.message : String(error);
    };
    return { url, setupToken: await takeDatabase(url, options, { signal, onWaiting }) };
  };
  try {
    const waitingFor = () => (why ? `the database (${why})` : "PostgreSQL to come up");
    return await terminal.stage("database", opening(), waitingFor);
  } catch (error) {
    if (signal.aborted && (isDatabaseAway(error) || options.databaseUrl === null)) return null;
    throw error;
  }
}

interface Embedding extends Pick<Start, "terminal" | "requests" | "started" | "lock"> {
  signal: AbortSignal;
}

async function startEmbedded(
  dataDir: string,
  { terminal, requests, started, lock, signal }: Embedding,
): Promise<string> {
  const ends = { stop: signal, force: requests.force };
  const database = await superviseDatabase({ dataDir, notice: notices(terminal), ...ends, lock });
  started.defer(() => database.stop());
  return database.url;
}

const untilAborted = <T>(signal: AbortSignal, value: T): Promise<T> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(value);
    else signal.addEventListener("abort", () => resolve(value), { once: true });
  });

interface Announcement {
  options: StartOptions;
  setupToken: string | null;
  missing: string[];
  line: (text: string) => void;
}

function announce({ options, setupToken, missing, line }: Announcement): void {
  line(`\nOperate is ready at ${options.baseUrl}`);
  if (missing.length > 0)
    line(`Not running, and tried again: ${missing.join(", ")}. ${options.baseUrl}/readyz says what is missing.`);
  // in the fragment: it is not sent with requests, so it ends in no log
  if (setupToken) line(`Create the first administrator: ${options.baseUrl}/setup#${setupToken}`);
  if (options.sample)
    line("The sample shop is running. To operate your own system, set OPERATE_CONFIG to its operate.config.yaml.");
  line("Ctrl-C stops everything.");
}
