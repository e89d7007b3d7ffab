import { BASE_MS, neighbourInterval } from "../read/usual-distance.ts";

export const COUNTED_COLUMNS =
  "bucket_at, series_id, count, last, increase, sum, min, max, from_at, first_at, entry, last_at";
/** A delta that does not say since when it counts, without a neighbour, is taken to have happened since the last full minute before it. */
const MINUTE_BEFORE = "date_bin('1 minute', s.at - interval '1 microsecond', 'epoch')";
const BASE_REACH = `case series.kind when 1 then interval '${BASE_MS} milliseconds' else ${neighbourInterval("series.apart_ms")} end`;

/**
 * Rows of `metric_minute` (COUNTED_COLUMNS) from samples. A counter grows by what lies between neighbours, a fall being
 * a new start at zero; that between two buckets belongs to the later one. The first sample of all tells no growth, nor
 * does the first after a start that the sender tells: see metric-starts.ts.
 * By `entry` of its increase it grew between `from_at`, the sample before the bucket, and `first_at`, the first in it; by
 * the rest until `last_at`. Across a hole a counter grows as well, as far back as BASE_MS.
 *
 * @param samples a subquery of (series_id, at, value, bucket_at), one row an instant, every bucket whole
 */
export const minuteRows = (samples: string): string => `
  select bucket_at, series_id, count(*)::int as count, max(value) filter (where is_last) as last,
    case kind when 1 then coalesce(sum(growth), 0) when 2 then sum(value) end as increase,
    case when kind <> 1 then sum(value) end as sum, case when kind <> 1 then min(value) end as min,
    case when kind <> 1 then max(value) end as max,
    max(base_at) filter (where is_first) as from_at, min(at) as first_at,
    max(growth) filter (where is_first) as entry, max(at) as last_at
  from (select *, case kind when 1 then case when value >= base then value - base when value < base then value end
                        when 2 then value end as growth
  from (
    select s.series_id, s.bucket_at, s.at, s.value, s.is_first, s.is_last, series.kind,
      case when born.at is not null then null when s.is_first then earlier.value else s.before end as base,
      case when born.at is not null then null when not s.is_first then s.before_at
        when series.kind = 2 then coalesce(since.start_at, earlier.at, ${MINUTE_BEFORE})
        else earlier.at end as base_at
    from (
      select series_id, bucket_at, at, value, lag(value) over neighbours as before, lag(at) over neighbours as before_at,
        lag(at) over neighbours is null as is_first, lead(at) over neighbours is null as is_last
      from (${samples}) given
      window neighbours as (partition by series_id, bucket_at order by at)
    ) s
    join metric_series series on series.id = s.series_id
    left join metric_start born on series.kind = 1 and born.series_id = s.series_id and born.at = s.at
    left join metric_start since on series.kind = 2 and s.is_first and since.series_id = s.series_id and since.at = s.at
    left join lateral (
      select value, at from metric_sample m
      where s.is_first and series.kind <> 0 and m.series_id = s.series_id and m.at < s.at
        and m.at >= date_bin('1 minute', s.at, 'epoch') - ${BASE_REACH}
      order by m.at desc limit 1
    ) earlier on true
  ) stepped) grown
  group by series_id, bucket_at, kind`;
