import type { Connection } from "../database.ts";

const HOUR_MS = 3_600_000;
/** Samples this close are neighbours, whatever is usual for their series: Prometheus' lookback delta. */
const NEAR_MS = 5 * 60_000;
/** a series may miss two samples before its line has a gap */
const MISSED = 3;
/** a usual distance up to this needs no note: NEAR_MS allows for the missed samples */
export const SHORT_MS = NEAR_MS / MISSED;
/**
 * How far back the sample may lie from which a counter grew. What it counted while nobody looked is known: Prometheus'
 * `increase` bridges any hole that its window holds.
 */
export const BASE_MS = 24 * HOUR_MS;
/** a series that is sampled less often has gaps */
const LONGEST_MS = HOUR_MS;
/** samples that tell what is usual are at most so old */
const LEARNED_FROM = "6 hours";
/** the newest distances, of which the median is the usual one */
const DISTANCES = 5;

/** How far apart two samples may be and still be neighbours, in ms. */
export const neighbourMs = (apartMs: number | null): number => Math.max(NEAR_MS, MISSED * (apartMs ?? 0));

/** As neighbourMs, as an interval in SQL. @param apartMs a column */
export const neighbourInterval = (apartMs: string): string =>
  `greatest(${NEAR_MS}, ${MISSED} * coalesce(${apartMs}, 0)) * interval '1 millisecond'`;

/** What was written of a series; what it had before may be forgotten. */
interface StoredTimes {
  id: number;
  timesMs: readonly number[];
  /** of the newest sample before; null where that is not remembered */
  lastMs: number | null;
}

/**
 * Notes how far apart samples of series usually are, where that may have changed: a scrape or an export every ten
 * minutes leaves no gaps, while the same ten minutes are one in a series with a sample every fifteen seconds. What was
 * rolled up before it was known is noted to be rolled up again.
 * @param closedMs until when it may be rolled up
 */
export async function noteDistances(tx: Connection, stored: readonly StoredTimes[], closedMs: number): Promise<void> {
  const wide = stored.filter(isWide);
  if (wide.length === 0) return;
  await tx.query(
    `with told as (
       select u.series_id, least(${LONGEST_MS}, percentile_cont(0.5) within group (order by n.apart)) as apart_ms
       from unnest($1::int4[], $2::float8[]) as u(series_id, at_ms)
       join lateral (
         select extract(epoch from at - lag(at) over (order by at))::float8 * 1000 as apart from (
           select distinct at from metric_sample m where m.series_id = u.series_id
             and m.at <= to_timestamp(u.at_ms / 1000) and m.at >= to_timestamp(u.at_ms / 1000) - interval '${LEARNED_FROM}'
           order by at desc limit ${DISTANCES + 1}) newest
       ) n on n.apart is not null
       group by u.series_id),
     held as (
       select s.id, case when t.apart_ms > ${SHORT_MS} then round(t.apart_ms)::int end as apart_ms
       from metric_series s join told t on t.series_id = s.id
       where case when t.apart_ms > ${SHORT_MS} then s.apart_ms is null or abs(s.apart_ms - t.apart_ms) > 0.1 * t.apart_ms
                  else s.apart_ms is not null end
       order by s.id for update of s),
     noted as (
       update metric_series s set apart_ms = held.apart_ms from held where held.id = s.id and held.apart_ms is not null
       returning s.id),
     cleared as (update metric_series s set apart_ms = null from held where held.id = s.id and held.apart_ms is null)
     insert into rollup_late_series (series_id, bucket_at)
     select distinct n.id, date_bin('1 minute', m.at, 'epoch')
     from noted n join unnest($1::int4[], $2::float8[]) as u(series_id, at_ms) on u.series_id = n.id
       join metric_sample m on m.series_id = n.id and m.at < to_timestamp($3::float8 / 1000)
         and m.at >= to_timestamp(u.at_ms / 1000) - interval '${LEARNED_FROM}'`,
    [wide.map(({ id }) => id), wide.map(({ timesMs, lastMs }) => Math.max(lastMs ?? 0, ...timesMs)), closedMs],
  );
}

/** Some two neighbours are far from each other, or may be. */
function isWide({ timesMs, lastMs }: StoredTimes): boolean {
  if (lastMs === null) return true;
  const times = [lastMs, ...timesMs].sort((a, b) => a - b);
  return times.some((atMs, i) => atMs - (times[i - 1] ?? atMs) > SHORT_MS);
}
