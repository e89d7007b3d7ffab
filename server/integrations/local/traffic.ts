import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Logger, pino } from "pino";
import { Agent, request } from "undici";
import type { OperateAgentConfig } from "#server/agent/config.ts";
import { monotonicMs } from "#server/agent/kernel/clock.ts";
import { AppError } from "#server/agent/kernel/errors.ts";
import { Slots } from "#server/agent/kernel/slots.ts";
import { loadConfig } from "#server/config/load.ts";
import { releaseIdleMemory } from "#server/idle-memory.ts";
import { createLocalPlatform, type LocalPlatform } from "./client.ts";

/**
 * Entry process of the built-in traffic generator. Environment: OPERATE_DATA_DIR, OPERATE_CONFIG. Open loop: visitors
 * arrive at random at the configured rate whether or not the last one was answered. Ends on SIGTERM, SIGINT or when
 * its parent is gone.
 */

const MOST_IN_FLIGHT = 64;
const REQUEST_TIMEOUT_MS = 10_000;
const LOOK_UP_AGAIN_MS = 2_000;
const REPORT_EVERY_MS = 60_000;
const OPENING_MS = 60_000;

type Stream = OperateAgentConfig["traffic"][number];
interface Tools {
  platform: LocalPlatform;
  dispatcher: Agent;
  logger: Logger;
  signal: AbortSignal;
}

async function runStream(stream: Stream, { platform, dispatcher, logger, signal }: Tools): Promise<void> {
  const ref = { service: stream.service, environment: stream.environment };
  const counts = { sent: 0, failed: 0, skipped: 0 };
  const slots = new Slots(MOST_IN_FLIGHT);
  let url: string | null = null;
  let reportAtMs = monotonicMs() + REPORT_EVERY_MS;
  const visit = async (target: string, path: string) => {
    counts.sent++;
    try {
      const response = await request(`${target}${path}`, {
        dispatcher,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      await response.body.dump();
      if (response.statusCode >= 500) counts.failed++;
    } catch (error) {
      counts.failed++;
      // The balancer may have moved to another port: ask before the next visitor.
      if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") url = null;
    }
  };

  await untilOpen(platform, ref.environment, signal);
  for (let visitor = 0, dueMs = monotonicMs(); !signal.aborted; visitor++) {
    url ??= await findUrl(platform, ref, signal);
    if (url === null) return;
    // Exponential gaps are what independent visitors make. After a pause nothing is caught up.
    const gapMs = (-Math.log(1 - Math.random()) * 1_000) / stream.requestsPerSecond;
    dueMs = Math.max(dueMs + gapMs, monotonicMs() - 1_000);
    const path = stream.paths[visitor % stream.paths.length] ?? "/";
    if (dueMs > monotonicMs()) await sleep(dueMs - monotonicMs(), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const target = url;
    void slots.withSlot(
      () => visit(target, path),
      () => {
        counts.skipped++;
      },
    );
    if (monotonicMs() < reportAtMs) continue;
    if (counts.failed > 0 || counts.skipped > 0) logger.warn({ ...ref, ...counts }, "some visitors were not served");
    Object.assign(counts, { sent: 0, failed: 0, skipped: 0 });
    reportAtMs = monotonicMs() + REPORT_EVERY_MS;
  }
}

/** Until every service of the environment has an instance that serves, for a minute at most: nobody visits a shop before it opens. */
async function untilOpen(platform: LocalPlatform, environment: string, signal: AbortSignal): Promise<void> {
  const deadlineMs = monotonicMs() + OPENING_MS;
  while (!signal.aborted && monotonicMs() < deadlineMs) {
    const services = await platform.workloads.listServices().catch((error: unknown) => {
      if (error instanceof AppError) return []; // the daemon is not up yet
      throw error;
    });
    const here = services.filter((service) => service.environment === environment);
    const open = here.every((service) => service.instances.some((instance) => instance.state === "ready"));
    if (here.length > 0 && open) return;
    await sleep(LOOK_UP_AGAIN_MS / 10, undefined, { signal }).catch(() => undefined);
  }
}

/** Where the balancer listens, asked until there is an answer; null when it is time to end. */
async function findUrl(
  platform: LocalPlatform,
  ref: { service: string; environment: string },
  signal: AbortSignal,
): Promise<string | null> {
  while (!signal.aborted) {
    try {
      return (await platform.workloads.getService(ref)).url;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      await sleep(LOOK_UP_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  return null;
}

async function main(logger: Logger): Promise<void> {
  const { OPERATE_DATA_DIR: dataDir, OPERATE_CONFIG: configFile } = process.env;
  if (!dataDir || !configFile)
    throw new AppError("PRECONDITION", "The traffic generator needs OPERATE_DATA_DIR and OPERATE_CONFIG.");
  const { config } = loadConfig(configFile);
  const stop = new AbortController();
  for (const event of ["SIGTERM", "SIGINT", "disconnect"]) process.on(event, () => stop.abort());
  // the supervisor asks whether this event loop runs
  process.on("message", () => process.connected && process.send?.({ type: "pong" }));

  releaseIdleMemory();
  const platform = createLocalPlatform({ dataDir: resolve(dataDir) });
  const dispatcher = new Agent({ connections: MOST_IN_FLIGHT });
  const streams = config.traffic.filter((stream) => stream.requestsPerSecond > 0);
  process.send?.({ type: "ready" });
  logger.info({ streams: streams.length }, "visitors are on their way");
  // Without a stream there is nothing to do but wait for the end, like the other processes.
  const untilStopped = new Promise<void>((done) => stop.signal.addEventListener("abort", () => done()));
  const idle = setInterval(() => undefined, 60_000);
  await Promise.all(streams.map((stream) => runStream(stream, { platform, dispatcher, logger, signal: stop.signal })));
  await untilStopped;
  clearInterval(idle);
  await Promise.all([dispatcher.destroy(), platform.close()]);
  process.exit(0);
}

const logger = pino({ name: "traffic" }, pino.destination({ dest: 1, sync: true }));
main(logger).catch((error: unknown) => {
  logger.fatal({ err: error }, error instanceof AppError ? error.message : "the traffic generator failed");
  process.exit(1);
});
