import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { dirname, join, resolve } from "node:path";
import { createIngest, followLogs, scrapeTargets } from "./agent/ingest/index.ts";
import { AppError } from "./agent/kernel/errors.ts";
import { OWN_SERVICE } from "./agent/kernel/own-service.ts";
import { watchDisk } from "./agent/kernel/storage/storage-failure.ts";
import { createMiner } from "./agent/mining/index.ts";
import { createIngestServer } from "./collector/ingest-server.ts";
import { collectorSocket } from "./collector/socket.ts";
import { loadConfig } from "./config/load.ts";
import { ownTarget } from "./config/own-target.ts";
import { databaseDirOf, diskReader, quickDiskReader } from "./db/disk.ts";
import { startExclusive } from "./db/exclusive.ts";
import { patiently, saysWaiting, untilDatabaseAnswers } from "./db/patience.ts";
import { createOutboundClient } from "./integrations/http/client.ts";
import { createLocalPlatform, createProcessLogFollower } from "./integrations/local/index.ts";
import { watchLaunchValues } from "./integrations/local/instance/launch-values.ts";
import { privateDir } from "./integrations/local/state/paths.ts";
import { parseExposition } from "./integrations/prometheus/exposition.ts";
import { processesFor } from "./start/processes.ts";
import { createLogger } from "./telemetry/log.ts";
import { startTracing } from "./telemetry/tracing.ts";
import { createTelemetryStore, startTelemetryUpkeep } from "./telemetry-store/index.ts";
import { underSupervisor } from "./under-supervisor.ts";

/** The collector process: takes telemetry from the web process, follows local instances' lines, scrapes, stores. */

interface Part {
  stop(): Promise<unknown>;
}

const log = createLogger("collector");
const GIVE_UP_MS = 3_500;
const LAST_REQUESTS_MS = 2_000;
const LOCK = { logs: 1, scrape: 2 };

function required(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new AppError("PRECONDITION", `The collector needs ${name}. It is started by the supervisor.`);
}

async function startParts(onWaiting: (error: unknown, waitedMs: number) => void): Promise<Part[]> {
  const databaseUrl = required("DATABASE_URL");
  const dataDir = resolve(required("OPERATE_DATA_DIR"));
  const { config } = loadConfig(required("OPERATE_CONFIG"));
  const launchValues = watchLaunchValues(dataDir, process.env.OPERATE_VALUES_KEY);
  const { limits, scrape } = config.monitoringConfig;
  const report = (message: string, err: unknown) => log.warn({ err }, message);
  const now = () => Date.now();

  watchDisk(quickDiskReader(databaseDirOf(process.env)));
  const store = createTelemetryStore({
    databaseUrl,
    config: config.monitoringConfig,
    readDisk: diskReader(databaseDirOf(process.env)),
  });
  await untilDatabaseAnswers(databaseUrl, { onWaiting });
  const patterns = await patiently(() => store.loadPatterns(limits.maxPatterns), { onWaiting });
  const miner = createMiner({ maxPatterns: limits.maxPatterns, patterns });
  const ingest = createIngest({ store, miner, report });
  const server = createIngestServer({
    ingest,
    limits,
    now,
    onFault: (err) => log.error({ err }, "a request could not be taken"),
  });
  const platform = createLocalPlatform({ dataDir });
  const external = config.services.filter((service) => service.telemetry?.logs === "external");
  const own = ownTarget(config.monitoringConfig, process.env);
  const following = () => {
    const parts = { store, ingest, skipped: new Set(external.map(({ name }) => name)), now, report };
    const ownLogs = createProcessLogFollower({
      ...{ service: OWN_SERVICE, environment: OWN_SERVICE },
      ...{ folder: join(dataDir, "logs"), processes: processesFor(config, ".", true).map(({ name }) => name) },
    });
    return startExclusive({
      ...{ databaseUrl, lock: LOCK.logs, report },
      work: async (signal) => {
        await Promise.all([
          config.services.length > 0 && followLogs({ ...parts, follower: platform.logs }, signal),
          own && followLogs({ ...parts, follower: ownLogs }, signal),
        ]);
      },
    });
  };
  const http = createOutboundClient({ ...config.outbound, checkSecret: process.env.OPERATE_INGEST_SECRET });
  // what users may reach is no matter for our own address, which no user gave
  const ownHttp = createOutboundClient({ allow: ["0.0.0.0/0", "::/0"], deny: [] });
  const scraping = () => {
    const parts = { parse: parseExposition, store, ingest, now, report };
    return startExclusive({
      ...{ databaseUrl, lock: LOCK.scrape, report },
      work: async (signal) => {
        await Promise.all([
          scrapeTargets({ ...parts, targets: scrape, http }, signal),
          scrapeTargets({ ...parts, targets: own ? [own] : [], http: ownHttp }, signal),
        ]);
      },
    });
  };
  await listen(server, collectorSocket(dataDir));
  return [
    ...(config.services.length > 0 || own ? [following()] : []),
    ...(scrape.length > 0 || own ? [scraping()] : []),
    { stop: () => closeServer(server) },
    startTelemetryUpkeep(store, report),
    { stop: () => ingest.stop() },
    { stop: async () => launchValues.close() },
    { stop: () => Promise.all([store.close(), platform.close(), http.close(), ownHttp.close()]) },
  ];
}

async function listen(server: Server, socket: string): Promise<void> {
  privateDir(dirname(socket));
  rmSync(socket, { force: true });
  server.listen(socket);
  await once(server, "listening");
  chmodSync(socket, 0o600);
}

/** Requests in work are answered; their senders were told nothing yet. */
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  setTimeout(() => server.closeAllConnections(), LAST_REQUESTS_MS).unref();
  await closed;
}

async function main(): Promise<void> {
  const parts: Part[] = [];
  const channel = underSupervisor(async (reason) => {
    log.info({ reason }, "ending");
    for (const part of parts)
      await part.stop().catch((err: unknown) => log.warn({ err }, "a part did not end in order"));
  }, GIVE_UP_MS);
  // of scrapes and rollups, never of what is taken in: spans about spans would have no end
  parts.push(await startTracing("collector"));
  parts.push(...(await startParts(saysWaiting(log, channel))));
  channel.ready();
}

main().catch((err: unknown) => {
  log.fatal({ err }, "the collector cannot run");
  process.exit(1);
});
