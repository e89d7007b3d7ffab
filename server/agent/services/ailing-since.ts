import type { HealthState } from "../health/schema.ts";
import type { Limits } from "../kernel/service-limits.ts";
import type { TrafficCounts } from "../ports/platform.ts";
import { servedByBucket } from "../traffic/index.ts";
import { isBeyond } from "./judge-service.ts";

/** What is known of a service's requests: buckets of 60 s, and of 10 s for the newest minutes. */
interface Counted {
  minutes: readonly TrafficCounts[];
  recent: readonly TrafficCounts[];
  now: Date;
}

const MINUTE_MS = 60_000;
const RECENT_MS = 10_000;

/**
 * ISO 8601: by when requests were beyond a limit, without a break up to now; null when the state does not come of
 * requests, or nothing is known. It is the end of the first bucket that shows it, of ten seconds where these are known,
 * else of a minute: it began within that bucket, and what caused it was before. `minutes` say at most how far back it goes.
 */
export function ailingSince(state: HealthState, { minutes, recent, now }: Counted, limits: Limits): string | null {
  if (state !== "failing" && state !== "degraded") return null;
  const firstMs = firstBeyond(minutes, limits);
  if (firstMs === null) return null;
  const endMs = firstMs + MINUTE_MS;
  const shownMs = firstBeyond(
    recent.filter(({ bucketAt }) => Date.parse(bucketAt) >= firstMs && Date.parse(bucketAt) < endMs),
    limits,
  );
  const byMs = shownMs === null ? endMs : shownMs + RECENT_MS;
  return new Date(Math.min(byMs, now.getTime())).toISOString();
}

/** The start of the first of the newest buckets that are beyond a limit without a break. */
function firstBeyond(rows: readonly TrafficCounts[], limits: Limits): number | null {
  let firstMs: number | null = null;
  for (const { bucketAt, served } of servedByBucket(rows).toReversed()) {
    if (!isBeyond(served, limits)) break;
    firstMs = Date.parse(bucketAt);
  }
  return firstMs;
}
