import { deleteOldDeployments } from "./agent/deploy/index.ts";
import { startHealthRetention, startHealthScheduler } from "./agent/health/index.ts";
import { deleteOldIncidents, incidentConsumer } from "./agent/incidents/index.ts";
import { startPatternAlerts } from "./agent/logs/index.ts";
import { deleteOldEvents, startTimelineConsumer } from "./agent/timeline/index.ts";
import { startTrafficCollector } from "./agent/traffic/index.ts";
import { openWorker } from "./container/worker.ts";
import { untilDatabaseAnswers } from "./db/patience.ts";
import { startLiveRetention } from "./live/feed.ts";
import { type Job, periodic, runProcess } from "./run-process.ts";
import type { Logger } from "./telemetry/log.ts";

/** The worker process: durable workflows, health checks, incidents, traffic, alerts on log patterns, and the sweeps that keep tables to their size. */

const HISTORY_MS = 3_600_000;

function jobsOf({ runtime, id, prober, launchDurable }: ReturnType<typeof openWorker>, log: Logger): Job[] {
  const report = (message: string, err: unknown) => log.warn({ err }, message);
  const deleting = (what: string, run: () => Promise<unknown>): Job =>
    periodic(
      {
        name: `deletion of old ${what}`,
        everyMs: HISTORY_MS,
        run,
        failed: `old ${what} were not deleted; tried again in an hour`,
      },
      log,
    );
  return [
    { name: "durable workflows", start: launchDurable },
    { name: "health checks", start: () => startHealthScheduler(runtime, { workerId: id, prober, report }) },
    { name: "health retention", start: () => startHealthRetention(runtime, report) },
    { name: "incidents", start: () => startTimelineConsumer(runtime, incidentConsumer(runtime, report)) },
    {
      name: "traffic",
      start: () => startTrafficCollector(runtime, (err) => report("traffic was not collected", err)),
    },
    { name: "alerts on log patterns", start: () => startPatternAlerts(runtime, report) },
    { name: "live retention", start: () => startLiveRetention(runtime, log) },
    deleting("deployments", () => deleteOldDeployments(runtime)),
    deleting("incidents", () => deleteOldIncidents(runtime)),
    deleting("events of the time line", () => deleteOldEvents(runtime)),
  ];
}

// running workflows stay pending; the next worker goes on with them at once
await runProcess({
  name: "worker",
  giveUpMs: 3_000,
  stop: "together",
  open: async ({ log, onWaiting }) => {
    const parts = openWorker(log);
    await untilDatabaseAnswers(parts.runtime.databaseUrl, { onWaiting });
    return { jobs: jobsOf(parts, log), close: () => parts.runtime.close() };
  },
});
