import type { Runtime } from "../../kernel/context.ts";
import type { UsesPlatform } from "../../ports/platform.ts";
import type { TrafficCounts } from "../../ports/traffic.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import { listTraffic } from "../../traffic/index.ts";

/** What the judge's counts are read from: the platform's samples, and what is stored of the time before them. */

const STORED_MS = 10_000;

export const startOf = (row: Pick<TrafficCounts, "bucketAt">): number => Date.parse(row.bucketAt);

/**
 * What was counted of a service from `sinceMs` on, oldest first: in the platform's 2-second samples as far back as it
 * remembers, which is 20 minutes or since it was started anew, and before them in the stored 10-second buckets.
 * @throws as the platform does
 */
export async function countedSince(
  { platform, db }: Pick<Runtime, "db"> & UsesPlatform<"traffic">,
  { service, environment }: ServiceRef,
  sinceMs: number,
): Promise<TrafficCounts[]> {
  const ref = { service, environment };
  const since = new Date(sinceMs);
  const samples = await platform.traffic.samplesSince({ ...ref, since });
  const firstMs = samples.reduce((first, row) => Math.min(first, startOf(row)), Infinity);
  if (firstMs < sinceMs + STORED_MS) return samples;
  const stored = await listTraffic(db, { since, resolution: 10, ref });
  // a bucket that began before the samples and ends among them was told by them alone, or in part
  return [...stored.filter((row) => startOf(row) + STORED_MS <= firstMs), ...samples];
}

/** Rows in which what took long was the service's doing, and how many requests were in the others. */
export function withoutStalled(rows: readonly TrafficCounts[]): { rows: TrafficCounts[]; leftOut: number } {
  const stalled = rows.filter((row) => row.stalled === true);
  return {
    rows: rows.filter((row) => row.stalled !== true),
    leftOut: stalled.reduce((sum, { requests }) => sum + requests, 0),
  };
}
