import { join, resolve } from "node:path";
import { createIngest } from "../agent/ingest/index.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { OWN_SERVICE } from "../agent/kernel/own-service.ts";
import { watchDisk } from "../agent/kernel/storage/storage-failure.ts";
import { createMiner } from "../agent/mining/index.ts";
import { loadConfig } from "../config/load.ts";
import { ownTarget } from "../config/own-target.ts";
import { databaseDirOf, diskReader, quickDiskReader } from "../db/disk.ts";
import { patiently, untilDatabaseAnswers } from "../db/patience.ts";
import { createOutboundClient } from "../integrations/http/client.ts";
import { createLocalPlatform, createProcessLogFollower } from "../integrations/local/index.ts";
import { watchLaunchValues } from "../integrations/local/instance/launch-values.ts";
import { parseExposition } from "../integrations/prometheus/exposition.ts";
import { processesFor } from "../start/processes.ts";
import { createTelemetryStore, startTelemetryUpkeep } from "../telemetry-store/index.ts";
import { createOutbound } from "./outbound.ts";

interface Said {
  /** at each attempt to reach the database that failed */
  onWaiting: (error: unknown, waitedMs: number) => void;
  report: (message: string, error: unknown) => void;
}

function required(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new AppError("PRECONDITION", `The collector needs ${name}. It is started by the supervisor.`);
}

/** What the collector is made of; waits for the database. @throws PRECONDITION without the supervisor's variables */
export async function openCollector({ onWaiting, report }: Said) {
  const databaseUrl = required("DATABASE_URL");
  const dataDir = resolve(required("OPERATE_DATA_DIR"));
  const { config } = loadConfig(required("OPERATE_CONFIG"));
  const launchValues = watchLaunchValues(dataDir, process.env.OPERATE_VALUES_KEY);
  const databaseDir = databaseDirOf(process.env);
  watchDisk(quickDiskReader(databaseDir));
  const { limits } = config.monitoringConfig;
  const store = createTelemetryStore({
    ...{ databaseUrl, config: config.monitoringConfig, readDisk: diskReader(databaseDir) },
  });
  await untilDatabaseAnswers(databaseUrl, { onWaiting });
  const patterns = await patiently(() => store.loadPatterns(limits.maxPatterns), { onWaiting });
  const miner = createMiner({ maxPatterns: limits.maxPatterns, patterns });
  const platform = createLocalPlatform({ dataDir });
  const own = ownTarget(config.monitoringConfig, process.env);
  const http = createOutbound(config);
  // what users may reach is no matter for our own address, which no user gave
  const ownHttp = createOutboundClient({ allow: ["0.0.0.0/0", "::/0"], deny: [] });
  return {
    ...{ databaseUrl, dataDir, config, store, http, ownHttp, own },
    ingest: createIngest({ store, miner, report }),
    parse: parseExposition,
    /** lines of the instances */
    instanceLogs: platform.logs,
    /** lines of Operate's own processes */
    ownLogs: createProcessLogFollower({
      ...{ service: OWN_SERVICE, environment: OWN_SERVICE },
      ...{ folder: join(dataDir, "logs"), processes: processesFor(config, ".", true).map(({ name }) => name) },
    }),
    startUpkeep: () => startTelemetryUpkeep(store, report),
    close: async () => {
      launchValues.close();
      await Promise.all([store.close(), platform.close(), http.close(), ownHttp.close()]);
    },
  };
}

export type Collector = Awaited<ReturnType<typeof openCollector>>;
