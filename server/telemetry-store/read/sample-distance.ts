import type { MetricQuery } from "../../agent/ports/metrics-source.ts";
import type { TimeWindow } from "../../agent/ports/source.ts";
import { labelConditions } from "../series/matched-series.ts";
import type { StoreParts } from "../write/record-writer.ts";
import { createSqlValues } from "./sql-values.ts";

/** series that are looked at, and how far back: enough to tell a habit */
const SERIES = 50;
const WITHIN_MS = 30 * 60_000;

/**
 * Seconds between two samples: the median of each series, the longest of those in use; a histogram's are its buckets'.
 * Of a series with fewer than two samples at the end of the window, what is usual. Null when that is not known either.
 */
export async function sampleDistance(
  { database }: StoreParts,
  { metric, filters, window }: Pick<MetricQuery, "metric" | "filters"> & { window: TimeWindow },
): Promise<number | null> {
  const sql = createSqlValues();
  const from = new Date(Math.max(window.from.getTime(), window.to.getTime() - WITHIN_MS));
  const name = sql.add(metric);
  const conditions = [
    `name = any(array[${name}, ${name} || '_count', ${name} || '_bucket'])`,
    ...labelConditions(filters, sql),
  ];
  const [row] = await database.read<{ seconds: number | null }>(
    `with told as materialized (
       select id, apart_ms from metric_series where ${conditions.join(" and ")}
       order by last_seen_at desc, id desc limit ${SERIES})
     select max(coalesce(seconds, apart_ms::float8 / 1000)) as seconds
     from told left join (
       select series_id, percentile_cont(0.5) within group (order by apart) as seconds from (
         select series_id, extract(epoch from at - lag(at) over (partition by series_id order by at))::float8 as apart
         from (select distinct series_id, at from metric_sample where series_id = any(array(select id from told))
           and at >= ${sql.add(from)} and at < ${sql.add(window.to)}) instants
       ) neighbours where apart is not null group by series_id
     ) series on series.series_id = told.id`,
    sql.values,
  );
  return row?.seconds ?? null;
}
