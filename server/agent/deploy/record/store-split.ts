import type { Db } from "../../kernel/context.ts";
import { TRAFFIC_BUCKETS_READ_MS } from "../../kernel/storage/retention.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import { noOutcomes, OUTCOMES, type OutcomeCounts } from "../../telemetry/outcomes.ts";

/** How the requests of each version ended as it was counted, in the database. */

/** How long the buckets are that still tell of what began at `from`. */
export const stepSecondsSince = (from: Date, now: Date): 10 | 60 =>
  now.getTime() - from.getTime() < TRAFFIC_BUCKETS_READ_MS ? 10 : 60;

const SUMMED = Object.fromEntries(["requests", ...OUTCOMES].map((name) => [name, true])) as Record<
  "requests" | (typeof OUTCOMES)[number],
  true
>;

/**
 * Outcomes per version in a span of time, and until when they are counted; null: not at all. Histograms are summed only
 * where clients left: nothing else is read of them.
 */
export async function countTraffic(
  db: Db,
  { service, environment }: ServiceRef,
  span: { from: Date; to: Date | null; stepSeconds: 10 | 60 },
): Promise<{ versions: Map<string, OutcomeCounts>; countedUntil: Date | null }> {
  const { from, to, stepSeconds: resolution } = span;
  const bucketAt = { gte: from, ...(to && { lt: to }) };
  const rows = await db.trafficBucket.groupBy({
    by: ["version"],
    where: { service, environment, resolution, bucketAt },
    _sum: SUMMED,
    _max: { bucketAt: true },
  });
  const newest = rows.reduce((max, { _max }) => Math.max(max, _max.bucketAt?.getTime() ?? 0), 0);
  const versions = new Map(
    rows.map(({ version, _sum }): [string, OutcomeCounts] => {
      const sum = noOutcomes();
      for (const name of ["requests", ...OUTCOMES] as const) sum[name] = _sum[name] ?? 0;
      return [version, sum];
    }),
  );
  if ([...versions.values()].some((one) => one.clientLeft > 0)) {
    const until = to ?? new Date(newest + 1);
    const sums = await db.$queryRaw<{ version: string; latency: number; left: number }[]>`
      select version, sum(coalesce(u.l, 0))::int as latency, sum(coalesce(u.a, 0))::int as left
      from traffic_bucket, unnest("latency", "leftAfter") with ordinality as u(l, a, i)
      where service = ${service} and environment = ${environment} and resolution = ${resolution}
        and "bucketAt" >= ${from} and "bucketAt" < ${until}
      group by version, u.i order by u.i`;
    for (const { version, latency, left } of sums) {
      versions.get(version)?.latency.push(latency);
      versions.get(version)?.leftAfter.push(left);
    }
  }
  return { versions, countedUntil: newest === 0 ? null : new Date(newest + resolution * 1_000) };
}
