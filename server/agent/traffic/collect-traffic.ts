import type { Runtime } from "../kernel/context.ts";
import { startPeriodic } from "../kernel/periodic.ts";
import { forgetTraffic, newestTraffic, storeTraffic } from "./traffic-store.ts";

const COLLECT_MS = 5_000;
const FORGET_MS = 3_600_000;
/** the platform remembers a quarter of an hour; asking for more is in vain */
const REMEMBERED_MS = 15 * 60_000;

/** collected every 5 s: what is not stored by then is not collected any more */
const LATE_MS = 60_000;

/** What the platform counted and is not stored yet, and the newest buckets that are. */
function countedSince({ platform, now }: Pick<Runtime, "platform" | "now">, newest: Date | null) {
  const horizon = now().getTime() - REMEMBERED_MS;
  // from the newest on, not after it: a service may have been late with a bucket of the same time
  return platform.trafficSince(new Date(Math.max(horizon, newest?.getTime() ?? 0)));
}

/** Brings what the platform counted since the newest stored bucket. @returns how many buckets were new */
export async function collectTraffic(runtime: Pick<Runtime, "db" | "platform" | "now">): Promise<number> {
  return storeTraffic(runtime.db, await countedSince(runtime, await newestTraffic(runtime.db)));
}

/**
 * Since when requests that the platform counted are not stored; null while they are, also when there were none: a quiet
 * night is no fault. @throws what the platform does when it does not answer
 */
export async function uncollectedSince(
  runtime: Pick<Runtime, "db" | "platform" | "now">,
  newest: Date | null,
): Promise<Date | null> {
  const lateMs = runtime.now().getTime() - LATE_MS;
  if (newest !== null && newest.getTime() >= lateMs) return null;
  const times = (await countedSince(runtime, newest)).map(({ bucketAt }) => Date.parse(bucketAt));
  const late = times.filter((atMs) => atMs > (newest?.getTime() ?? 0) && atMs < lateMs);
  return late.length === 0 ? null : new Date(Math.min(...late));
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
