import type { Db, Tx } from "../kernel/context.ts";
import type { ServiceRef, TrafficCounts } from "../ports/platform.ts";

export type StoredTraffic = TrafficCounts;

const MINUTE_MS = 60_000;
const rowOf = (row: TrafficCounts, resolution: number) => ({ ...row, bucketAt: new Date(row.bucketAt), resolution });
const keyOf = (row: { service: string; environment: string; version: string; bucketAt: string | Date }) =>
  `${row.service}\n${row.environment}\n${row.version}\n${new Date(row.bucketAt).getTime()}`;

/**
 * Stores 10-second buckets and adds those that are new into their minute, in one transaction: several collectors may
 * bring the same bucket and it counts once.
 * @returns how many were new
 */
export async function storeTraffic(db: Db, counts: readonly TrafficCounts[]): Promise<number> {
  if (counts.length === 0) return 0;
  return db.$transaction(async (tx) => {
    const created = await tx.trafficBucket.createManyAndReturn({
      data: counts.map((row) => rowOf(row, 10)),
      skipDuplicates: true,
    });
    await addToMinutes(
      tx,
      created.map((row) => ({ ...row, bucketAt: row.bucketAt.toISOString() })),
    );
    return created.length;
  });
}

async function addToMinutes(tx: Tx, fresh: readonly TrafficCounts[]): Promise<void> {
  for (const minute of sumBy(fresh, MINUTE_MS).sort((a, b) => keyOf(a).localeCompare(keyOf(b))))
    await tx.$executeRaw`
      insert into traffic_bucket as t ("service", "environment", "version", "resolution", "bucketAt", "requests",
        "status2xx", "status3xx", "status4xx", "status5xx", "latency")
      values (${minute.service}, ${minute.environment}, ${minute.version}, 60, ${new Date(minute.bucketAt)},
        ${minute.requests}, ${minute.status2xx}, ${minute.status3xx}, ${minute.status4xx}, ${minute.status5xx},
        ${minute.latency})
      on conflict ("service", "environment", "resolution", "bucketAt", "version") do update set
        "requests" = t."requests" + excluded."requests", "status2xx" = t."status2xx" + excluded."status2xx",
        "status3xx" = t."status3xx" + excluded."status3xx", "status4xx" = t."status4xx" + excluded."status4xx",
        "status5xx" = t."status5xx" + excluded."status5xx",
        "latency" = (select array_agg(coalesce(a, 0) + coalesce(b, 0) order by i)
                     from unnest(t."latency", excluded."latency") with ordinality as u(a, b, i))`;
}

/** Sums buckets that fall into the same longer one, per service, environment and version. */
export function sumBy(rows: readonly TrafficCounts[], stepMs: number): TrafficCounts[] {
  const sums = new Map<string, TrafficCounts>();
  for (const row of rows) {
    const bucketAt = new Date(Math.floor(Date.parse(row.bucketAt) / stepMs) * stepMs).toISOString();
    const key = keyOf({ ...row, bucketAt });
    const sum = sums.get(key);
    if (!sum) {
      sums.set(key, { ...row, bucketAt, latency: [...row.latency] });
      continue;
    }
    for (const field of ["requests", "status2xx", "status3xx", "status4xx", "status5xx"] as const)
      sum[field] += row[field];
    row.latency.forEach((count, i) => {
      sum.latency[i] = (sum.latency[i] ?? 0) + count;
    });
  }
  return [...sums.values()];
}

/** Start of the newest stored bucket, or null when there is none. */
export async function newestTraffic(db: Db): Promise<Date | null> {
  const { _max } = await db.trafficBucket.aggregate({ where: { resolution: 10 }, _max: { bucketAt: true } });
  return _max.bucketAt;
}

/** Buckets of one resolution (10 or 60 s) from `since` on, oldest first. */
export async function listTraffic(
  db: Db,
  query: { since: Date; resolution: 10 | 60; ref?: ServiceRef },
): Promise<StoredTraffic[]> {
  const rows = await db.trafficBucket.findMany({
    where: { resolution: query.resolution, bucketAt: { gte: query.since }, ...query.ref },
    orderBy: { bucketAt: "asc" },
  });
  return rows.map((row) => ({ ...row, bucketAt: row.bucketAt.toISOString() }));
}

/** Deletes 10-second buckets after 48 h and minutes after 90 days. */
export async function forgetTraffic(db: Db, now: Date): Promise<void> {
  const before = (ms: number) => ({ lt: new Date(now.getTime() - ms) });
  await db.trafficBucket.deleteMany({ where: { resolution: 10, bucketAt: before(48 * 3_600_000) } });
  await db.trafficBucket.deleteMany({ where: { resolution: 60, bucketAt: before(90 * 86_400_000) } });
}
