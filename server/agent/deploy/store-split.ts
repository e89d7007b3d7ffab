import type { Db } from "../kernel/context.ts";
import type { ServiceRef } from "../ports/platform.ts";

/** Requests per version as they were counted, in the database. */

export interface VersionCounts {
  requests: number;
  errors: number;
}

/** Buckets of 10 s are kept for two days; after that minutes. */
const FINE_MS = 47 * 3_600_000;

/** Requests and answers with 5xx per version in a span of time, and until when they are counted; null: not at all. */
export async function countTraffic(
  db: Db,
  { service, environment }: ServiceRef,
  span: { from: Date; to: Date | null; now: Date },
): Promise<{ versions: Map<string, VersionCounts>; countedUntil: Date | null }> {
  const { from, to, now } = span;
  const resolution = now.getTime() - from.getTime() < FINE_MS ? 10 : 60;
  const bucketAt = { gte: from, ...(to && { lt: to }) };
  const rows = await db.trafficBucket.groupBy({
    by: ["version"],
    where: { service, environment, resolution, bucketAt },
    _sum: { requests: true, status5xx: true },
    _max: { bucketAt: true },
  });
  const newest = rows.reduce((max, { _max }) => Math.max(max, _max.bucketAt?.getTime() ?? 0), 0);
  return {
    versions: new Map(
      rows.map(({ version, _sum }) => [version, { requests: _sum.requests ?? 0, errors: _sum.status5xx ?? 0 }]),
    ),
    countedUntil: newest === 0 ? null : new Date(newest + resolution * 1_000),
  };
}
