import { existsSync } from "node:fs";
import { join } from "node:path";
import { withoutConfidential } from "../agent/kernel/confidential.ts";
import { writeAppliedConfig } from "../config/applied.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { startWarnings } from "../config/start-warnings.ts";
import { isDatabaseAway } from "../db/patience.ts";
import { anyInstanceRuns, findDaemon } from "../integrations/local/running-daemon.ts";
import { openDataDir, ownSecrets, withRoom } from "./data-dir.ts";
import { superviseDatabase } from "./database.ts";
import { watchServer } from "./hot-reload.ts";
import { endLeftovers } from "./leftovers.ts";
import type { StartOptions } from "./options.ts";
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

/** How a running Operate ended: all of it by order, or without its daemon and instances because its terminal is gone. */
export type Ending = "stopped" | "left";

/**
 * Starts everything, says when it is ready, keeps it running, and returns when it was stopped. The data plane (the
 * daemon with balancers and instances) comes first and depends on nothing else. Stopped are, in this order: traffic,
 * web, worker, collector, PostgreSQL, daemon. Only an order stops the daemon, or a refused start that began it.
 * @throws AppError for what can be put right: data directory, configuration, port, database.
 */
export async function operate(
  options: StartOptions,
  root: string,
  terminal: Terminal,
  requests: StopRequests,
): Promise<Ending> {
  const started = new AsyncDisposableStack();
  try {
    return await startAndWait({ options, root, terminal, requests, started });
  } finally {
    await started.disposeAsync();
  }
}

interface Start {
  options: StartOptions;
  root: string;
  terminal: Terminal;
  requests: StopRequests;
  started: AsyncDisposableStack;
}

async function startAndWait({ options, root, terminal, requests, started }: Start): Promise<Ending> {
  const { stop, leave, force } = requests;
  const dataDir = openDataDir(options.dataDir);
  started.defer(() => dataDir.release());
  const loaded = loadConfig(options.configFile);
  for (const warning of startWarnings(loaded, process.env)) notices(terminal)(`Warning: ${warning}`);
  const ended = await endLeftovers(options.dataDir);
  if (ended.length > 0) terminal.line(`Ended what an earlier start left: ${ended.join(", ")}.`);
  await assertPortFree(options.host, options.port);
  await refuseEarly(options);
  const room = { dataDir: options.dataDir, notice: notices(terminal), stop: AbortSignal.any([stop, leave]) };
  const secrets = await withRoom(() => ownSecrets(options.dataDir, process.env), room);

  const surroundings = { cwd: root, dataDir: options.dataDir, notice: notices(terminal), force };
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
    const settings = daemonSettings(loaded, options, secrets.ingestSecret);
    const daemon = superviseDaemon(daemonSpec, { ...surroundings, env, settings });
    started.defer(() => (stop.aborted || (refused && !served) ? daemon.stop() : daemon.leave()));
    running.set(DAEMON, daemon);
  }

  const database = await openDatabase({ options, terminal, requests, started });
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

/** All the daemon is started with and cannot learn later: another text, and a running one is not adopted but replaced. */
function daemonSettings(loaded: LoadedConfig, options: StartOptions, ingestSecret: string): string {
  return JSON.stringify([loaded.file, loaded.text, options.host, options.port, ingestSecret]);
}

/** What is said about processes quotes their logs; only the set-up link is printed with its secret. */
const notices = (terminal: Terminal) => (line: string) => terminal.line(withoutConfidential(line));

/** Opens the database, brings it to this release's schema and sees that it is ours; null when a stop came first. */
async function openDatabase({ options, terminal, requests, started }: Omit<Start, "root">) {
  const signal = AbortSignal.any([requests.stop, requests.leave]);
  let why: string | null = null;
  const opening = async () => {
    const url = options.databaseUrl ?? (await startEmbedded(options.dataDir, { terminal, requests, started, signal }));
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

interface Embedding extends Pick<Start, "terminal" | "requests" | "started"> {
  signal: AbortSignal;
}

async function startEmbedded(dataDir: string, { terminal, requests, started, signal }: Embedding): Promise<string> {
  const database = await superviseDatabase({ dataDir, notice: notices(terminal), stop: signal, force: requests.force });
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
