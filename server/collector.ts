import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { followLogs, scrapeTargets } from "./agent/ingest/index.ts";
import type { Job } from "./agent/job.ts";
import { createIngestServer } from "./collector/ingest-server.ts";
import { collectorSocket } from "./collector/socket.ts";
import { type Collector, openCollector } from "./container/collector.ts";
import { startExclusive } from "./db/exclusive.ts";
import { privateDir } from "./integrations/local/state/paths.ts";
import { runProcess } from "./run-process.ts";
import type { Logger } from "./telemetry/log.ts";

/** The collector process: takes telemetry from the web process, follows local instances' lines, scrapes, stores. */

const LAST_REQUESTS_MS = 2_000;
const LOCK = { logs: 1, scrape: 2 };
const now = () => Date.now();

/** In the order in which they stop: who brings telemetry first, then what takes it. */
function jobsOf(parts: Collector, log: Logger): Job[] {
  const { databaseUrl, config, store, ingest, own } = parts;
  const report = (message: string, err: unknown) => log.warn({ err }, message);
  const exclusive = (name: keyof typeof LOCK, work: (signal: AbortSignal) => Promise<unknown>): Job => ({
    name,
    start: () =>
      startExclusive({
        ...{ databaseUrl, lock: LOCK[name], report },
        work: async (signal) => void (await work(signal)),
      }),
  });
  const external = config.services.filter((service) => service.telemetry?.logs === "external");
  const following = { store, ingest, skipped: new Set(external.map(({ name }) => name)), now, report };
  const scraping = { parse: parts.parse, store, ingest, now, report };
  const { scrape } = config.monitoringConfig;
  const followed = exclusive("logs", (signal) =>
    Promise.all([
      config.services.length > 0 && followLogs({ ...following, follower: parts.instanceLogs }, signal),
      own && followLogs({ ...following, follower: parts.ownLogs }, signal),
    ]),
  );
  const scraped = exclusive("scrape", (signal) =>
    Promise.all([
      scrapeTargets({ ...scraping, targets: scrape, http: parts.http }, signal),
      scrapeTargets({ ...scraping, targets: own ? [own] : [], http: parts.ownHttp }, signal),
    ]),
  );
  return [
    ...(config.services.length > 0 || own ? [followed] : []),
    ...(scrape.length > 0 || own ? [scraped] : []),
    { name: "socket", start: () => openSocket(parts, log) },
    { name: "upkeep", start: parts.startUpkeep },
    { name: "ingest", start: () => ingest },
  ];
}

async function openSocket({ config, ingest, dataDir }: Collector, log: Logger) {
  const server = createIngestServer({
    ...{ ingest, limits: config.monitoringConfig.limits, now },
    onFault: (err) => log.error({ err }, "a request could not be taken"),
  });
  const socket = collectorSocket(dataDir);
  privateDir(dirname(socket));
  rmSync(socket, { force: true });
  server.listen(socket);
  await once(server, "listening");
  chmodSync(socket, 0o600);
  return {
    /** Requests in work are answered; their senders were told nothing yet. */
    stop: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      setTimeout(() => server.closeAllConnections(), LAST_REQUESTS_MS).unref();
      await closed;
    },
  };
}

// its own spans are of scrapes and rollups, never of what is taken in: spans about spans would have no end
await runProcess({
  name: "collector",
  giveUpMs: 3_500,
  stop: "in order",
  open: async ({ log, onWaiting }) => {
    const parts = await openCollector({ onWaiting, report: (message, err) => log.warn({ err }, message) });
    return { jobs: jobsOf(parts, log), close: parts.close };
  },
});
