import { catalogOf } from "../catalog/catalog.ts";
import { clockWasSetBack, monotonicMs } from "../kernel/clock.ts";
import type { Runtime } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { startPeriodic } from "../kernel/periodic.ts";
import type { UsesPlatform } from "../ports/platform.ts";
import { forgetTraffic, newestTraffic, storeTraffic } from "./traffic-store.ts";

const COLLECT_MS = 5_000;
const FORGET_MS = 3_600_000;
/** the platform remembers a quarter of an hour; asking for more is in vain */
const REMEMBERED_MS = 15 * 60_000;

/** collected every 5 s: what is not stored by then is not collected any more */
const LATE_MS = 60_000;

/** What the platform counted and is not stored yet, and the newest buckets that are; all when those lie ahead of now. */
function countedSince({ platform, now }: Pick<Runtime, "now"> & UsesPlatform<"traffic">, newest: Date | null) {
  const horizon = now().getTime() - REMEMBERED_MS;
  const known = clockWasSetBack(newest, now()) ? 0 : (newest?.getTime() ?? 0);
  // from the newest on, not after it: a service may have been late with a bucket of the same time
  return platform.traffic.trafficSince(new Date(Math.max(horizon, known)));
}

/**
 * Brings what the platform counted since the newest stored bucket. While that lies ahead of now the clock was set back,
 * and a time is lived again: what is counted now takes the place of what was. @returns how many buckets were new
 */
export async function collectTraffic(runtime: Pick<Runtime, "db" | "now"> & UsesPlatform<"traffic">): Promise<number> {
  const newest = await newestTraffic(runtime.db);
  const counted = await countedSince(runtime, newest);
  return storeTraffic(runtime.db, counted, { replace: clockWasSetBack(newest, runtime.now()) });
}

/**
 * Since when requests that the platform counted are not stored; null while they are, also when there were none: a quiet
 * night is no fault. @throws what the platform does when it does not answer
 */
export async function uncollectedSince(
  runtime: Pick<Runtime, "db" | "now"> & UsesPlatform<"traffic">,
  newest: Date | null,
): Promise<Date | null> {
  const lateMs = runtime.now().getTime() - LATE_MS;
  // then "newest" says nothing of what is stored, until it is no longer ahead
  if (clockWasSetBack(newest, runtime.now())) return null;
  if (newest !== null && newest.getTime() >= lateMs) return null;
  const times = (await countedSince(runtime, newest)).map(({ bucketAt }) => Date.parse(bucketAt));
  const late = times.filter((atMs) => atMs > (newest?.getTime() ?? 0) && atMs < lateMs);
  return late.length === 0 ? null : new Date(Math.min(...late));
}

/**
 * Collects every 5 s in any number of workers. What was not collected while no worker ran is fetched by the next one,
 * as far back as the platform remembers. Without configured services nobody starts a platform, and none is missed.
 */
export function startTrafficCollector(
  runtime: Pick<Runtime, "db" | "now" | "config"> & UsesPlatform<"traffic">,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let forgetAtMs = 0;
  const round = async () => {
    await collectTraffic(runtime).catch((error: unknown) => {
      const isAway = error instanceof AppError && error.code === "UPSTREAM_UNAVAILABLE";
      if (!isAway || catalogOf(runtime.config).services.length > 0) throw error;
    });
    if (monotonicMs() < forgetAtMs) return;
    await forgetTraffic(runtime.db, runtime.now());
    forgetAtMs = monotonicMs() + FORGET_MS;
  };
  return startPeriodic(COLLECT_MS, round, onError);
}
