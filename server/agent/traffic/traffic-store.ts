import type { Prisma, TrafficBucket } from "#server/db/generated/client.ts";
import type { Db, Tx } from "../kernel/context.ts";
import { FIXED_RETENTION } from "../kernel/storage/retention.ts";
import type { TrafficCounts, VersionUsage } from "../ports/traffic.ts";
import type { ServiceRef } from "../ports/workloads.ts";
import { addOutcomes, OUTCOMES } from "../telemetry/outcomes.ts";
import { joinUsage } from "../telemetry/version-usage.ts";

export type StoredTraffic = TrafficCounts;

const MINUTE_MS = 60_000;
/** Named one by one: a field that the table lacks would stop all counting. */
function rowOf(row: TrafficCounts, resolution: number): Prisma.TrafficBucketCreateManyInput {
  const { service, environment, version, bucketAt, requests, latency, leftAfter, usage } = row;
  const { status2xx, status3xx, status4xx, status5xx, clientLeft, refused, timedOut, brokenOff, upgraded } = row;
  const { denied = null, stalled = false } = row;
  const { cpuMs, memoryBytes, instances, inFlight, errorLines } = usage;
  return {
    ...{ service, environment, version, resolution, bucketAt: new Date(bucketAt), requests, latency, leftAfter },
    ...{ status2xx, status3xx, status4xx, status5xx, clientLeft, refused, timedOut, brokenOff, upgraded },
    ...{ denied, stalled, cpuMs, memoryBytes, instances, inFlight, errorLines },
  };
}
const countsOf = (row: TrafficBucket): TrafficCounts => {
  const { cpuMs, memoryBytes, instances, inFlight, errorLines, resolution: _, denied, stalled, ...counts } = row;
  const usage = { cpuMs, memoryBytes, instances, inFlight, errorLines };
  const more = { ...(denied !== null && { denied }), ...(stalled && { stalled }) };
  return { ...counts, ...more, bucketAt: row.bucketAt.toISOString(), usage };
};
const keyOf = (row: { service: string; environment: string; version: string; bucketAt: string | Date }) =>
  `${row.service}\n${row.environment}\n${row.version}\n${new Date(row.bucketAt).getTime()}`;

/**
 * Stores 10-second buckets and adds those that are new into their minute, in one transaction: several collectors may
 * bring the same bucket and it counts once. With `replace`, a bucket of other counts than the stored one takes its place
 * and is new, too: both happened, so that the minute has the sum.
 * @returns how many were new
 */
export async function storeTraffic(
  db: Db,
  counts: readonly TrafficCounts[],
  { replace = false }: { replace?: boolean } = {},
): Promise<number> {
  if (counts.length === 0) return 0;
  return db.$transaction(async (tx) => {
    if (replace) await removeOthers(tx, counts);
    const created = await tx.trafficBucket.createManyAndReturn({
      data: counts.map((row) => rowOf(row, 10)),
      skipDuplicates: true,
    });
    await addToMinutes(tx, created.map(countsOf));
    return created.length;
  });
}

/** Deletes what is stored of the same buckets with other counts. */
async function removeOthers(tx: Tx, counts: readonly TrafficCounts[]): Promise<void> {
  const told = new Map(counts.map((row) => [keyOf(row), row]));
  const times = counts.map((row) => Date.parse(row.bucketAt)).sort((a, b) => a - b);
  const bucketAt = { gte: new Date(times[0] ?? 0), lte: new Date(times.at(-1) ?? 0) };
  for (const stored of await tx.trafficBucket.findMany({ where: { resolution: 10, bucketAt } })) {
    const row = told.get(keyOf(stored));
    if (!row || isSameCount(row, stored)) continue;
    const { service, environment, version } = stored;
    await tx.trafficBucket.deleteMany({
      where: { service, environment, version, resolution: 10, bucketAt: stored.bucketAt },
    });
  }
}

const isSameCount = (told: TrafficCounts, stored: TrafficBucket): boolean =>
  OUTCOMES.every((outcome) => told[outcome] === stored[outcome]) &&
  told.latency.every((count, i) => count === (stored.latency[i] ?? 0));

async function addToMinutes(tx: Tx, fresh: readonly TrafficCounts[]): Promise<void> {
  for (const minute of sumBy(fresh, MINUTE_MS).sort((a, b) => keyOf(a).localeCompare(keyOf(b))))
    await tx.$executeRaw`
      insert into traffic_bucket as t ("service", "environment", "version", "resolution", "bucketAt", "requests",
        "status2xx", "status3xx", "status4xx", "status5xx", "clientLeft", "refused", "timedOut", "brokenOff",
        "upgraded", "latency", "leftAfter")
      values (${minute.service}, ${minute.environment}, ${minute.version}, 60, ${new Date(minute.bucketAt)},
        ${minute.requests}, ${minute.status2xx}, ${minute.status3xx}, ${minute.status4xx}, ${minute.status5xx},
        ${minute.clientLeft}, ${minute.refused}, ${minute.timedOut}, ${minute.brokenOff}, ${minute.upgraded},
        ${minute.latency}, ${minute.leftAfter})
      on conflict ("service", "environment", "resolution", "bucketAt", "version") do update set
        "requests" = t."requests" + excluded."requests", "status2xx" = t."status2xx" + excluded."status2xx",
        "status3xx" = t."status3xx" + excluded."status3xx", "status4xx" = t."status4xx" + excluded."status4xx",
        "status5xx" = t."status5xx" + excluded."status5xx",
        "clientLeft" = t."clientLeft" + excluded."clientLeft", "refused" = t."refused" + excluded."refused",
        "timedOut" = t."timedOut" + excluded."timedOut", "brokenOff" = t."brokenOff" + excluded."brokenOff",
        "upgraded" = t."upgraded" + excluded."upgraded",
        "latency" = (select array_agg(coalesce(a, 0) + coalesce(b, 0) order by i)
                     from unnest(t."latency", excluded."latency") with ordinality as u(a, b, i)),
        "leftAfter" = (select coalesce(array_agg(coalesce(a, 0) + coalesce(b, 0) order by i), '{}')
                       from unnest(t."leftAfter", excluded."leftAfter") with ordinality as u(a, b, i))`;
  await measureMinutes(tx, fresh);
}

/** What instances took is a mean over a minute's buckets, so it is taken anew from all of them. */
async function measureMinutes(tx: Tx, fresh: readonly TrafficCounts[]): Promise<void> {
  const minutes = [...new Set(fresh.map((row) => Math.floor(Date.parse(row.bucketAt) / MINUTE_MS) * MINUTE_MS))];
  for (const minute of minutes.sort((a, b) => a - b))
    await tx.$executeRaw`
      update traffic_bucket as t set "cpuMs" = s."cpuMs", "memoryBytes" = s."memoryBytes",
        "instances" = s."instances", "inFlight" = s."inFlight", "errorLines" = s."errorLines"
      from (select "service", "environment", "version", sum("cpuMs") as "cpuMs", avg("memoryBytes") as "memoryBytes",
              avg("instances") as "instances", avg("inFlight") as "inFlight", sum("errorLines")::int as "errorLines"
            from traffic_bucket
            where "resolution" = 10 and "bucketAt" >= ${new Date(minute)} and "bucketAt" < ${new Date(minute + MINUTE_MS)}
            group by "service", "environment", "version") as s
      where t."resolution" = 60 and t."bucketAt" = ${new Date(minute)} and t."service" = s."service"
        and t."environment" = s."environment" and t."version" = s."version"`;
}

/** Sums buckets that fall into the same longer one, per service, environment and version. */
export function sumBy(rows: readonly TrafficCounts[], stepMs: number): TrafficCounts[] {
  const sums = new Map<string, TrafficCounts>();
  const usages = new Map<string, VersionUsage[]>();
  for (const row of rows) {
    const bucketAt = new Date(Math.floor(Date.parse(row.bucketAt) / stepMs) * stepMs).toISOString();
    const key = keyOf({ ...row, bucketAt });
    const sum = sums.get(key);
    usages.set(key, [...(usages.get(key) ?? []), row.usage]);
    if (!sum) {
      sums.set(key, { ...row, bucketAt, latency: [...row.latency], leftAfter: [...row.leftAfter] });
      continue;
    }
    addOutcomes(sum, row);
    // as a stored bucket is marked that holds some of that time
    if (row.stalled) sum.stalled = true;
  }
  return [...sums].map(([key, sum]) => ({ ...sum, usage: joinUsage(usages.get(key) ?? []) }));
}

/** Start of the newest stored bucket, or null when there is none. */
export async function newestTraffic(db: Db): Promise<Date | null> {
  const { _max } = await db.trafficBucket.aggregate({ where: { resolution: 10 }, _max: { bucketAt: true } });
  return _max.bucketAt;
}

/** Buckets of one resolution (10 or 60 s) that begin from `since` on and before `until`, oldest first. */
export async function listTraffic(
  db: Db,
  query: { since: Date; until?: Date; resolution: 10 | 60; ref?: ServiceRef },
): Promise<StoredTraffic[]> {
  const rows = await db.trafficBucket.findMany({
    where: {
      resolution: query.resolution,
      bucketAt: { gte: query.since, ...(query.until && { lt: query.until }) },
      ...query.ref,
    },
    orderBy: { bucketAt: "asc" },
  });
  return rows.map(countsOf);
}

/** Deletes 10-second buckets after 48 h and minutes after 90 days. */
export async function forgetTraffic(db: Db, now: Date): Promise<void> {
  const before = (ms: number) => ({ lt: new Date(now.getTime() - ms) });
  await db.trafficBucket.deleteMany({ where: { resolution: 10, bucketAt: before(FIXED_RETENTION.trafficBucketsMs) } });
  await db.trafficBucket.deleteMany({ where: { resolution: 60, bucketAt: before(FIXED_RETENTION.trafficMinutesMs) } });
}
