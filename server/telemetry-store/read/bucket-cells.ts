import type { MatchedBuckets } from "../series/matched-series.ts";
import type { StoreParts } from "../write/record-writer.ts";
import type { CountedRange } from "./bucket-quantile.ts";
import { after, grownRows, type Steps } from "./metric-cells.ts";
import { createSqlValues } from "./sql-values.ts";

/** Observations of a group in a step, of the range between two bounds that follow each other in some export. */
export interface BucketCell extends CountedRange {
  [column: string]: unknown;
  group: number;
  step: number;
}

/** of a histogram's first bucket, as Prometheus has it */
const FIRST_LOWER = "case when le > 0 then 0 else '-Infinity'::float8 end";

/** kept in arrays of their piece: joined again, rows of which the planner knows nothing may meet in nested loops */
const MEMBERS = ["grp", "le", "kind", "count", "last", "increase", "from_at", "last_at", "entry"] as const;

/**
 * What histograms counted, range by range: each from bounds of one export, so that the bounds of others, which may be
 * finer, coarser or lie elsewhere, neither add to it nor take from it. A bound that only some samples of a row have (a
 * cumulative histogram got coarser or wider) is taken where nothing was counted beyond the others before: then all that
 * lies between is new. Rows of the same bounds are summed first, which are most of all. What came between two samples is spread evenly over the time between them.
 */
export async function readBuckets(
  parts: StoreParts,
  steps: Steps,
  { ids, group, neighbourMs, buckets: { stream, le, exponentialDeltas } }: MatchedBuckets,
  signal: AbortSignal | undefined,
): Promise<BucketCell[]> {
  const sql = createSqlValues();
  for (const column of [ids, group, stream, le]) sql.add(column);
  const rows = await grownRows(parts, steps, { ids, neighbourMs, stream, instants: exponentialDeltas }, sql);
  const start = `${sql.add(steps.startMs)}::float8`;
  const width = `${sql.add(steps.stepMs)}::float8`;
  const newest = `${sql.add(steps.count - 1)}::int`;
  const whole = (column: string) => `max(${column}) filter (where le = 'Infinity')`;
  /** of what came from `from_ms` to `to_ms`, the share of a step, and the steps that it touches */
  const share = (of: string) =>
    `(least(${of}to_ms, (i.step + 1) * ${width}) - greatest(${of}from_ms, i.step * ${width})) / (${of}to_ms - ${of}from_ms)`;
  const touched = (of: string) =>
    `generate_series(greatest(0, floor(${of}from_ms / ${width}))::int, least(${newest}, ceil(${of}to_ms / ${width}) - 1)::int) as i(step)`;
  const members = `unnest(${MEMBERS.map((column) => `p.${column}`).join(", ")}) as r(${MEMBERS.join(", ")})`;
  const outer = (le: string) => `max(case when le = ${le} then last end) over piece as last_${le},
         max(case when le = ${le} then grown end) over piece as grown_${le},
         max(case when le = ${le} then entry end) over piece as entry_${le}`;
  return parts.database.read<BucketCell>(
    `with wanted as (
       select u.*, s.kind from unnest($1::int4[], $2::int4[], $3::int4[], $4::float8[]) as u(series_id, grp, stream, le)
         join metric_series s on s.id = u.series_id),
     rows as (
       select w.grp, w.stream, w.le, w.kind, r.bucket_at, r.count, r.last, r.increase, r.from_at, r.first_at, r.last_at,
         coalesce(r.entry, 0) as entry
       from (${rows}) r join wanted w using (series_id) where r.increase is not null
     ),
     pieces as materialized (
       select *, ${after("all_from", start)} as from_ms, ${after("all_first", start)} as to_ms,
         floor(${after("all_first", start)} / ${width})::int as step,
         coalesce(all_from < all_first and ${after("all_from", start)} < floor(${after("all_first", start)} / ${width}) * ${width}, false) as is_across
       from (
         select stream, bucket_at, ${whole("count")} as all_count, ${whole("last")} as all_last,
           ${whole("increase")} as all_increase, ${whole("from_at")} as all_from, ${whole("first_at")} as all_first,
           ${whole("last_at")} as all_until, ${whole("entry")} as all_entry, sum(hashfloat8(le)::int8) as bounds,
           ${MEMBERS.map((column) => `array_agg(${column}) as ${column}`).join(", ")},
           min(count) = max(count) and (min(kind) = 2 or
             (count(from_at) in (0, count(*)) and min(from_at) is not distinct from max(from_at))) as is_even
         from rows group by stream, bucket_at) piece
       where all_count is not null
     ),
     even as (
       select grp, bounds, step, le, sum(upto) as upto from (
         select r.grp, p.bounds, p.step, r.le, sum(case when p.is_across then r.increase - r.entry else r.increase end) as upto
         from pieces p, ${members} where p.is_even group by 1, 2, 3, 4
         union all
         select r.grp, p.bounds, i.step, r.le, sum(r.entry * ${share("p.")})
         from pieces p, ${members}, ${touched("p.")}
         where p.is_even and p.is_across group by 1, 2, 3, 4) told
       group by 1, 2, 3, 4
     ),
     even_ranges as (
       select grp, step, coalesce(lag(le) over piece, ${FIRST_LOWER}) as lower, le as upper,
         total - coalesce(lag(total) over piece, 0) as count
       from (select *, max(upto) over (partition by grp, bounds, step order by le) as total from even) rising
       window piece as (partition by grp, bounds, step order by le)
     ),
     told as (
       select p.stream, p.bucket_at, r.*, p.all_last, p.all_increase, p.all_from, p.all_first, p.all_until, p.all_entry,
         case when r.count = p.all_count and (r.kind = 2 or r.from_at is not distinct from p.all_from) then r.increase end as grown
       from pieces p, ${members} where not p.is_even
     ),
     ends as (
       select *, min(le) filter (where grown is not null) over piece as low,
         max(le) filter (where grown is not null and le < 'Infinity') over piece as high
       from told window piece as (partition by stream, bucket_at)
     ),
     known as (select *, ${outer("low")}, ${outer("high")} from ends window piece as (partition by stream, bucket_at)),
     filled as (
       select *, case when grown is not null then grown
           when kind <> 1 or last_at is distinct from all_until then null
           when le > high and all_last - all_increase <= last_high - grown_high then grown_high + last - last_high
           when le < low and last_low <= grown_low then last end as upto
       from known
     ),
     entered as (
       select *, case when all_from is null then 0 when grown is not null then entry
           when le > high then entry_high + (upto - grown_high) * (all_entry - entry_high) / nullif(all_increase - grown_high, 0)
           else upto * entry_low / nullif(grown_low, 0) end as entered
       from filled where upto is not null
     ),
     counted as (
       select grp, stream, le, bucket_at, 'entry' as part, all_from as from_at, all_first as to_at, coalesce(entered, 0) as upto
       from entered where all_from < all_first
       union all
       select grp, stream, le, bucket_at, 'rest', null, all_first, upto - coalesce(entered, 0) from entered
       union all
       select w.grp, w.stream, w.le, b.at, 'birth', b.start_at, b.at, b.value
       from metric_start b join wanted w using (series_id)
       where w.kind = 1 and b.at > ${sql.add(new Date(steps.startMs))} and b.start_at < ${sql.add(new Date(steps.startMs + steps.count * steps.stepMs))}
     ),
     rising as (
       select *, max(upto) over (piece order by le) as total, bool_or(le = 'Infinity') over piece as is_whole
       from counted window piece as (partition by stream, bucket_at, part, from_at)
     ),
     ranges as (
       select grp, ${after("from_at", start)} as from_ms, ${after("to_at", start)} as to_ms, is_whole,
         coalesce(lag(le) over piece, ${FIRST_LOWER}) as lower, le as upper,
         total - coalesce(lag(total) over piece, 0) as count
       from rising window piece as (partition by stream, bucket_at, part, from_at order by le)
     ),
     spread as (
       select grp, floor(to_ms / ${width})::int as step, lower, upper, count
       from ranges where is_whole and count > 0 and from_ms is null
       union all
       select grp, i.step, lower, upper, count * ${share("")} from ranges, ${touched("")}
       where is_whole and count > 0 and from_ms < to_ms
       union all
       select * from even_ranges where count > 0
     )
     select grp as group, step, lower, upper, sum(count) as count from spread
     where step between 0 and ${newest} group by grp, step, lower, upper`,
    sql.values,
    signal,
  );
}
