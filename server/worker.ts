import { deleteOldDeployments } from "./agent/deploy/index.ts";
import { startHealthRetention, startHealthScheduler } from "./agent/health/index.ts";
import { deleteOldIncidents, incidentConsumer } from "./agent/incidents/index.ts";
import { startPeriodic } from "./agent/kernel/periodic.ts";
import { startPatternAlerts } from "./agent/logs/index.ts";
import { deleteOldEvents, startTimelineConsumer } from "./agent/timeline/index.ts";
import { startTrafficCollector } from "./agent/traffic/index.ts";
import { type OpenRuntime, runtimeFromEnv } from "./container.ts";
import { saysWaiting, untilDatabaseAnswers } from "./db/patience.ts";
import { launchDurable } from "./durable/launch.ts";
import { leaseTimesFromEnv, newExecutorId } from "./durable/lease.ts";
import { createOutboundClient } from "./integrations/http/client.ts";
import { createProber } from "./integrations/probe/prober.ts";
import { startLiveRetention } from "./live/feed.ts";
import { createLogger } from "./telemetry/log.ts";
import { startTracing } from "./telemetry/tracing.ts";
import { underSupervisor } from "./under-supervisor.ts";

/** The worker process: durable workflows, health checks, incidents, traffic, alerts on log patterns, and the sweeps that keep tables to their size. */

interface Part {
  stop(): Promise<void>;
}

const log = createLogger("worker");
const GIVE_UP_MS = 3_000;
const HISTORY_MS = 3_600_000;

async function startParts(runtime: OpenRuntime): Promise<Part[]> {
  const id = newExecutorId();
  const report = (message: string, err: unknown) => log.warn({ err }, message);
  const durable = await launchDurable(runtime, { id, url: runtime.databaseUrl, log, times: leaseTimesFromEnv() });
  const prober = createProber(
    createOutboundClient({
      ...runtime.config.outbound,
      checkSecret: process.env.OPERATE_INGEST_SECRET,
    }),
  );
  const health = await startHealthScheduler(runtime, {
    workerId: id,
    prober,
    report,
  });
  return [
    durable,
    health,
    startHealthRetention(runtime, report),
    startTimelineConsumer(runtime, incidentConsumer(runtime, report)),
    startTrafficCollector(runtime, (err) => report("traffic was not collected", err)),
    startPatternAlerts(runtime, report),
    startLiveRetention(runtime, log),
    startPeriodic(
      HISTORY_MS,
      async () => {
        await deleteOldDeployments(runtime);
        await deleteOldIncidents(runtime);
        await deleteOldEvents(runtime);
      },
      (err) =>
        report("old deployments, incidents and events of the time line were not deleted; tried again in an hour", err),
    ),
  ];
}

async function main(): Promise<void> {
  const runtime = runtimeFromEnv();
  const parts: Part[] = [];
  /** Running workflows stay pending; the next worker goes on with them at once. */
  const channel = underSupervisor(async (reason) => {
    log.info({ reason }, "ending");
    const results = await Promise.allSettled(parts.map((part) => part.stop()));
    for (const result of results)
      if (result.status === "rejected") log.warn({ err: result.reason }, "a part did not end in order");
    await runtime.close();
  }, GIVE_UP_MS);
  parts.push(await startTracing("worker"));
  await untilDatabaseAnswers(runtime.databaseUrl, { onWaiting: saysWaiting(log, channel) });
  parts.push(...(await startParts(runtime)));
  channel.ready();
}

main().catch((err: unknown) => {
  log.fatal({ err }, "the worker cannot run");
  process.exit(1);
});
