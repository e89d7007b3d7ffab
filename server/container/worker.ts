import { launchDurable } from "../durable/launch.ts";
import { newExecutorId } from "../durable/lease.ts";
import { leaseTimesFromEnv } from "../durable/lease-times.ts";
import { createProber } from "../integrations/probe/prober.ts";
import type { Logger } from "../telemetry/log.ts";
import { runtimeFromEnv } from "./index.ts";
import { createOutbound } from "./outbound.ts";

/** What the worker is made of. */
export function openWorker(log: Logger) {
  const runtime = runtimeFromEnv();
  const id = newExecutorId();
  return {
    runtime,
    /** of this boot */
    id,
    prober: createProber(createOutbound(runtime.config)),
    launchDurable: () => launchDurable(runtime, { id, url: runtime.databaseUrl, log, times: leaseTimesFromEnv() }),
  };
}
