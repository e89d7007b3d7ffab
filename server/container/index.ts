import { join, resolve } from "node:path";
import { monotonicMs } from "../agent/kernel/clock.ts";
import type { Runtime } from "../agent/kernel/context.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { watchDisk } from "../agent/kernel/storage/storage-failure.ts";
import type { ScrapeTarget } from "../agent/telemetry/config.ts";
import { auditLog, recordCountedRefusals } from "../audit/record.ts";
import { collectorAnswers } from "../collector/answers.ts";
import { forwardRefusal } from "../collector/forwarding-slots.ts";
import { configDir, type LoadedConfig, loadConfig } from "../config/load.ts";
import { ownTarget } from "../config/own-target.ts";
import { openDb } from "../db/client.ts";
import { databaseDirOf, diskReader, quickDiskReader } from "../db/disk.ts";
import { createWorkflowQueue } from "../durable/queue.ts";
import { createHookRunner } from "../integrations/hooks/index.ts";
import { createLocalPlatform } from "../integrations/local/index.ts";
import { watchLaunchValues } from "../integrations/local/instance/launch-values.ts";
import { createLiveFeed, type OpenFeed } from "../live/feed.ts";
import { createLogger } from "../telemetry/log.ts";
import { askCollector, askPlatform, createBeatReader, startProcessWatch } from "../telemetry/process-watch.ts";
import { createTelemetryStore } from "../telemetry-store/index.ts";
import { createOutbound } from "./outbound.ts";
import { createTelemetrySources } from "./sources.ts";

/** Where ports meet adapters, for web, worker and scripts; the other files here are for one process each. */

interface Options {
  databaseUrl: string;
  /** absolute; holds the local platform's control socket */
  dataDir: string;
  loaded: LoadedConfig;
  /** Operate's own page of figures, where it is scraped */
  own?: ScrapeTarget | null;
  /** true while the built-in shop runs because no configuration was given */
  sample: boolean;
  /** folder of the embedded database */
  databaseDir?: string | undefined;
  /** a process that runs on asks the platform by itself, so that an outage has a beginning */
  watchPlatform?: boolean;
  /** a process that serves people asks the others whether they answer */
  watchProcesses?: boolean;
  /** connections to the database at most */
  connections?: number;
}

const IDENTITY_CONNECTIONS = 4;
const COLLECTOR_TIMEOUT_MS = 2_000;
const PLATFORM_READ_MS = 2_000;

type Watching = Pick<Options, "databaseUrl" | "dataDir" | "loaded"> &
  Pick<Runtime, "platform" | "db"> & { live: OpenFeed };

export type OpenRuntime = Runtime & { databaseUrl: string; dataDir: string; close(): Promise<void> };

/** Builds a process's runtime. Connections are opened on first use; callers `close()` it. */
export function createRuntime({
  databaseUrl,
  dataDir,
  loaded,
  own = null,
  sample,
  databaseDir,
  watchPlatform = false,
  watchProcesses = false,
  connections = 10,
}: Options): OpenRuntime {
  watchDisk(quickDiskReader(databaseDir));
  const launchValues = watchLaunchValues(dataDir, process.env.OPERATE_VALUES_KEY);
  const db = openDb(databaseUrl, connections);
  const identityDb = openDb(databaseUrl, IDENTITY_CONNECTIONS);
  const platform = createLocalPlatform({ dataDir, readLimitMs: PLATFORM_READ_MS, watch: watchPlatform });
  const live = createLiveFeed(db, databaseUrl, createLogger("live"));
  const workflows = createWorkflowQueue(databaseUrl);
  const http = createOutbound(loaded.config);
  const store = createTelemetryStore({
    databaseUrl,
    config: loaded.config.monitoringConfig,
    readDisk: diskReader(databaseDir),
  });
  const watch = watchProcesses ? watchOthers({ databaseUrl, dataDir, loaded, platform, live, db }) : null;
  return {
    config: loaded.config,
    source: { file: loaded.file, text: loaded.text, sample },
    db,
    audit: auditLog,
    live,
    platform,
    processes: watch?.processes,
    workflows,
    hooks: createHookRunner({ configDir: configDir(loaded), http }),
    telemetry: createTelemetrySources({
      ...{ config: loaded.config, store, http, own },
      ingest: {
        ...store,
        collecting: () => watch?.processes.answers("collector") ?? collectorAnswers(dataDir, COLLECTOR_TIMEOUT_MS),
        refusal: forwardRefusal,
      },
    }),
    now: () => new Date(),
    steadyMs: monotonicMs,
    identity: { db: identityDb, audit: auditLog, now: () => new Date() },
    databaseUrl,
    databaseDir,
    dataDir,
    close: async () => {
      // a database that is gone already must not keep the rest open
      const notTold = (err: unknown) => createLogger("audit").warn({ err }, "counted refusals were not recorded");
      await recordCountedRefusals(db).catch(notTold);
      launchValues.close();
      await watch?.close();
      await live.close();
      await workflows.close();
      await platform.close();
      await http.close();
      await store.close();
      await db.$disconnect();
      await identityDb.$disconnect();
    },
  };
}

/** Who goes missing or is back is told to every browser, which then reads the state anew. */
function watchOthers({ databaseUrl, dataDir, loaded, platform, live, db }: Watching) {
  const beats = createBeatReader(databaseUrl);
  const hint = () =>
    live.publish(db, "health").catch((err: unknown) => createLogger("live").debug({ err }, "a change was not told"));
  const processes = startProcessWatch(
    [
      { name: "database", ask: beats.askDatabase },
      { name: "worker", ask: beats.askWorkers },
      { name: "collector", ask: askCollector(dataDir) },
      // with no service to run there is no platform, and nothing to ask it
      ...(loaded.config.services.length > 0
        ? [{ name: "platform" as const, ask: askPlatform(platform.workloads) }]
        : []),
    ],
    (name) => {
      if (name !== "database") return void hint();
      live.databaseAnswers(!processes.missing().some((one) => one.name === "database"));
    },
  );
  const close = async () => {
    processes.end();
    await beats.close();
  };
  return { processes, close };
}

/**
 * The runtime described by the environment the supervisor hands down; `watchProcesses` as for `createRuntime`.
 * @throws PRECONDITION when a variable is missing.
 */
export function runtimeFromEnv(env: NodeJS.ProcessEnv = process.env, watchProcesses = false): OpenRuntime {
  const { DATABASE_URL, OPERATE_DATA_DIR, OPERATE_CONFIG } = env;
  if (!DATABASE_URL || !OPERATE_CONFIG)
    throw new AppError("PRECONDITION", "DATABASE_URL and OPERATE_CONFIG are not set. Start Operate with `npm start`.");
  const loaded = loadConfig(OPERATE_CONFIG, env);
  return createRuntime({
    databaseUrl: DATABASE_URL,
    dataDir: OPERATE_DATA_DIR ? resolve(OPERATE_DATA_DIR) : join(process.cwd(), ".operate"),
    loaded,
    own: ownTarget(loaded.config.monitoringConfig, env),
    sample: env.OPERATE_SAMPLE === "1",
    databaseDir: databaseDirOf(env),
    watchPlatform: loaded.config.services.length > 0,
    watchProcesses,
  });
}

// on globalThis because Next's bundles and the process around them do not share modules
const holder = globalThis as { __operateRuntime?: OpenRuntime };

/** This process's runtime, made on first use, never on import. */
export function getRuntime(): OpenRuntime {
  holder.__operateRuntime ??= runtimeFromEnv(process.env, true);
  return holder.__operateRuntime;
}

/** What signs people in, on connections of its own. */
export const getIdentity = (): NonNullable<OpenRuntime["identity"]> => getRuntime().identity ?? getRuntime();

/** Closes the process's runtime if one was made. */
export async function closeRuntime(): Promise<void> {
  await holder.__operateRuntime?.close();
  delete holder.__operateRuntime;
}
