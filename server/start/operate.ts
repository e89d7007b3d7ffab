import { join } from "node:path";
import { writeAppliedConfig } from "../config/applied.ts";
import { loadConfig } from "../config/load.ts";
import { startEmbeddedPostgres } from "../db/embedded.ts";
import { migrateDatabase } from "../db/migrate.ts";
import { openDataDir, ownSecrets } from "./data-dir.ts";
import { newSetupToken } from "./first-run.ts";
import { watchServer } from "./hot-reload.ts";
import type { StartOptions } from "./options.ts";
import { assertPortFree } from "./port.ts";
import { environmentOf, processesFor } from "./processes.ts";
import type { StopRequests } from "./signals.ts";
import { type Supervised, supervise } from "./supervised-process.ts";

interface Terminal {
  line(text: string): void;
  /** prints the stage's name and how long it took */
  stage<T>(name: string, work: Promise<T>): Promise<T>;
}

/** Why a running Operate ended: asked to, or with an explanation. */
export type Ending = { asked: true } | { asked: false; reason: string };

/**
 * Starts everything in order, says when it is ready, and returns when it was stopped or cannot go on. What was
 * started is stopped in the opposite order, whatever happens: traffic, web, worker, collector, daemon, PostgreSQL.
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
    return await startAndWait(options, root, terminal, requests, started);
  } finally {
    await started.disposeAsync();
  }
}

async function startAndWait(
  options: StartOptions,
  root: string,
  terminal: Terminal,
  { stop, force }: StopRequests,
  started: AsyncDisposableStack,
): Promise<Ending> {
  const dataDir = openDataDir(options.dataDir);
  started.defer(() => dataDir.release());
  const loaded = loadConfig(options.configFile);
  const { config } = loaded;
  await assertPortFree(options.host, options.port);
  const secrets = ownSecrets(options.dataDir, process.env);

  const database = await terminal.stage("database", openDatabase(options, started));
  if (stop.aborted) return { asked: true };
  const setupToken = await newSetupToken(database.url);

  const appliedConfig = writeAppliedConfig(loaded, options.dataDir);
  const handed = { databaseUrl: database.url, setupToken, appliedConfig, ...secrets };
  const running = new Map<string, Supervised>();
  const gaveUp = Promise.withResolvers<Ending>();
  void database.exited.then((reason) => gaveUp.resolve({ asked: false, reason }));
  for (const spec of processesFor(config, root, options.dataDir)) {
    const one = supervise(spec, {
      cwd: root,
      env: environmentOf(spec.name, options, handed),
      logDir: join(options.dataDir, "logs"),
      notice: terminal.line,
      force,
    });
    started.defer(() => one.stop());
    running.set(spec.name, one);
    void one.failed.then((reason) =>
      spec.essential ? gaveUp.resolve({ asked: false, reason }) : terminal.line(reason),
    );
  }

  const stopped = untilAborted(stop).then((): Ending => ({ asked: true }));
  const allReady = Promise.all([...running].map(([name, one]) => terminal.stage(name, one.ready)));
  const early = await Promise.race([allReady.then(() => null), stopped, gaveUp.promise]);
  if (early) return early;
  if (options.dev) {
    const watcher = watchServer(root, () => {
      for (const name of ["worker", "collector"]) running.get(name)?.restart();
    });
    started.defer(() => watcher.close());
  }
  announce(options, setupToken, terminal.line);
  return Promise.race([stopped, gaveUp.promise]);
}

async function openDatabase(options: StartOptions, started: AsyncDisposableStack) {
  const database = options.databaseUrl
    ? { url: options.databaseUrl, exited: new Promise<string>(() => {}) }
    : await startEmbedded(options.dataDir, started);
  await migrateDatabase(database.url);
  return database;
}

async function startEmbedded(dataDir: string, started: AsyncDisposableStack) {
  const postgres = await startEmbeddedPostgres({ dataDir });
  started.defer(() => postgres.stop());
  return postgres;
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

function announce(options: StartOptions, setupToken: string | null, line: (text: string) => void): void {
  line(`\nOperate is ready at ${options.baseUrl}`);
  // in the fragment: it is not sent with requests, so it ends in no log
  if (setupToken) line(`Create the first administrator: ${options.baseUrl}/setup#${setupToken}`);
  if (options.sample)
    line("The sample shop is running. To operate your own system, set OPERATE_CONFIG to its operate.config.yaml.");
  line("Ctrl-C stops everything.");
}
