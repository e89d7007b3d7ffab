import type { HealthState } from "../health/schema.ts";
import type { TrafficCounts } from "../ports/platform.ts";
import { servedByBucket } from "../traffic/index.ts";
import { isBeyond } from "./judge-service.ts";
import type { Limits } from "./limits.ts";

/**
 * ISO 8601: the first of the minutes without a break, up to now, whose requests were beyond a limit; null when the state
 * does not come of requests, or nothing is known. `minutes` are buckets of 60 s, which say at most how far back they go.
 */
export function ailingSince(state: HealthState, minutes: readonly TrafficCounts[], limits: Limits): string | null {
  if (state !== "failing" && state !== "degraded") return null;
  let since: string | null = null;
  for (const { bucketAt, served } of servedByBucket(minutes).toReversed()) {
    if (!isBeyond(served, limits)) break;
    since = bucketAt;
  }
  return since;
}
