import type { Runtime } from "../kernel/context.ts";
import { startPeriodic } from "../kernel/periodic.ts";
import { forgetTraffic, newestTraffic, storeTraffic } from "./traffic-store.ts";

const COLLECT_MS = 5_000;
const FORGET_MS = 3_600_000;
/** the platform remembers a quarter of an hour; asking for more is in vain */
const REMEMBERED_MS = 15 * 60_000;

/** Brings what the platform counted since the newest stored bucket. @returns how many buckets were new */
export async function collectTraffic(runtime: Pick<Runtime, "db" | "platform" | "now">): Promise<number> {
  const newest = await newestTraffic(runtime.db);
  const horizon = runtime.now().getTime() - REMEMBERED_MS;
  // from the newest on, not after it: a service may have been late with a bucket of the same time
  return storeTraffic(
    runtime.db,
    await runtime.platform.trafficSince(new Date(Math.max(horizon, newest?.getTime() ?? 0))),
  );
}

/**
 * Collects every 5 s in any number of workers. What was not collected while no worker ran is fetched by the next one,
 * as far back as the platform remembers.
 */
export function startTrafficCollector(
  runtime: Pick<Runtime, "db" | "platform" | "now">,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let forgottenAt = 0;
  const round = async () => {
    await collectTraffic(runtime);
    if (runtime.now().getTime() - forgottenAt <= FORGET_MS) return;
    await forgetTraffic(runtime.db, runtime.now());
    forgottenAt = runtime.now().getTime();
  };
  return startPeriodic(COLLECT_MS, round, onError);
}
