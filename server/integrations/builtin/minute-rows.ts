/**
 * How far back the sample before is looked for, in whole minutes before that of a sample: an older one is no
 * neighbour, what happened between is unknown. Prometheus' lookback delta.
 */
const LOOKBACK = "interval '5 minutes'";

export const COUNTED_COLUMNS = "bucket_at, series_id, count, last, increase, sum, min, max";

/**
 * Rows of `metric_minute` (COUNTED_COLUMNS) from samples. A counter grows by what lies between neighbours, a fall being
 * a new start at zero; that between two buckets belongs to the later one. The first sample of all tells no growth.
 *
 * @param samples a subquery of (series_id, at, value, bucket_at), one row an instant, every bucket whole
 */
export const minuteRows = (samples: string): string => `
  select bucket_at, series_id, count(*)::int as count, max(value) filter (where is_last) as last,
    case kind when 1 then coalesce(sum(case when value >= base then value - base when value < base then value end), 0)
              when 2 then sum(value) end as increase,
    case when kind <> 1 then sum(value) end as sum, case when kind <> 1 then min(value) end as min,
    case when kind <> 1 then max(value) end as max
  from (
    select s.series_id, s.bucket_at, s.value, s.is_last, series.kind,
      case when s.is_first then earlier.value else s.before end as base
    from (
      select series_id, bucket_at, at, value, lag(value) over neighbours as before,
        lag(at) over neighbours is null as is_first, lead(at) over neighbours is null as is_last
      from (${samples}) given
      window neighbours as (partition by series_id, bucket_at order by at)
    ) s
    join metric_series series on series.id = s.series_id
    left join lateral (
      select value from metric_sample m
      where s.is_first and series.kind = 1 and m.series_id = s.series_id and m.at < s.at
        and m.at >= date_bin('1 minute', s.at, 'epoch') - ${LOOKBACK}
      order by m.at desc limit 1
    ) earlier on true
  ) stepped
  group by series_id, bucket_at, kind`;
