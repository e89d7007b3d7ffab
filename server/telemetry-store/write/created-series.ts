import { SERIES_KINDS, type SeriesSamples } from "../../agent/ports/telemetry.ts";
import type { Database } from "../database.ts";
import { closedUntil } from "../rollup/rollup-progress.ts";
import { cleanText } from "./attributes.ts";

const SUFFIX = "_created";
const COUNTER = SERIES_KINDS.indexOf("counter");
/** Unix time in seconds: other values are of gauges that are only named so */
const EARLIEST_SECONDS = 1e9;
const AHEAD_SECONDS = 3_600;
const MOST_REMEMBERED = 50_000;

/**
 * Series that tell when the counters of a name and of the same other labels began: OpenMetrics' `_created`, which
 * Prometheus scrapes and sends on as plain gauges. Whether there are such counters, only the store knows.
 */
export interface CreatedSeries {
  /** Keeps the births that these tell. @returns those that belong to no counter */
  note(series: readonly SeriesSamples[]): Promise<SeriesSamples[]>;
}

export function mayTellCreation({ name, kind, timesMs, values }: SeriesSamples): boolean {
  return (
    kind === "gauge" &&
    name.endsWith(SUFFIX) &&
    name.length > SUFFIX.length &&
    values.length > 0 &&
    values.every((value, i) => value >= EARLIEST_SECONDS && value <= (timesMs[i] ?? 0) / 1_000 + AHEAD_SECONDS)
  );
}

export function createCreatedSeries(database: Database): CreatedSeries {
  /** how many counters each birth was kept for: the first samples of some may come after it, in another request */
  const kept = new Map<string, { begun: number; settled: boolean }>();
  return {
    note: async (series) => {
      const births = series.flatMap((one, index) => birthsOf(one).map((birth) => ({ ...birth, index })));
      const open = births.filter(({ key }) => !kept.get(key)?.settled);
      const found = open.length > 0 ? await keepBirths(database, open) : new Map<number, Counters>();
      if (kept.size > MOST_REMEMBERED) kept.clear();
      for (const [i, { key }] of open.entries()) {
        const { counters, begun } = found.get(i) ?? { counters: 0, begun: 0 };
        if (counters > 0) kept.set(key, { begun, settled: begun === counters && kept.get(key)?.begun === begun });
      }
      const own = new Set(births.filter(({ key }) => kept.has(key)).map(({ index }) => index));
      return series.filter((_, i) => !own.has(i));
    },
  };
}

interface Birth {
  key: string;
  family: string;
  /** JSON */
  labels: string;
  startMs: number;
}

function birthsOf({ name, labels, values }: SeriesSamples): Birth[] {
  const family = cleanText(name.slice(0, -SUFFIX.length));
  const stored = Object.entries(labels).flatMap(([key, value]) =>
    value === "" ? [] : [[cleanText(key), cleanText(value)] as const],
  );
  const json = JSON.stringify(Object.fromEntries(stored.sort(([a], [b]) => (a < b ? -1 : 1))));
  return [...new Set(values.map((value) => Math.floor(value * 1_000)))].map((startMs) => ({
    ...{ family, labels: json, startMs },
    key: `${family} ${json} ${startMs}`,
  }));
}

interface Counters {
  counters: number;
  /** of them, those with a sample since the birth */
  begun: number;
}

/**
 * A counter that began at `startMs` began with its first stored sample after that. What was rolled up with that sample
 * is noted to be rolled up again. A gauge that was made of births before there was a counter tells them now, and is not
 * shown any more.
 * @returns how many counters there are of each birth
 */
const keepBirths = (database: Database, births: readonly Birth[]): Promise<Map<number, Counters>> =>
  database.transact(async (tx) => {
    const closedMs = await closedUntil(tx, "metrics");
    const { rows } = await tx.query<Counters & { i: number }>(
      `with wanted as (
         select i - 1 as i, family, labels, to_timestamp(start_ms / 1000) as start_at
         from unnest($1::text[], $2::jsonb[], $3::float8[]) with ordinality as u(family, labels, start_ms, i)),
       told as (
         select i, family, labels, start_at from wanted
         union
         select w.i, w.family, w.labels, to_timestamp(floor(m.value * 1000) / 1000)
         from wanted w join metric_series g on g.name = w.family || '${SUFFIX}' and g.labels = w.labels and g.last_seen_at > 'epoch'
           join metric_sample m on m.series_id = g.id and m.value between ${EARLIEST_SECONDS} and extract(epoch from m.at)),
       own as materialized (
         select w.i, w.start_at, s.id, first.at, first.value
         from told w join metric_series s
           on s.name in (w.family || '_total', w.family || '_count', w.family || '_sum', w.family || '_bucket', w.family)
           and s.kind = ${COUNTER} and s.labels - 'le' = w.labels
         left join lateral (
           select at, value from metric_sample m where m.series_id = s.id and m.at >= w.start_at order by at limit 1
         ) first on true),
       kept as (
         insert into metric_start (series_id, start_at, at, value)
         select distinct on (id, start_at) id, start_at, at, value from own where at > start_at order by id, start_at, at
         on conflict (series_id, start_at) do update set at = excluded.at, value = excluded.value
           where excluded.at < metric_start.at
         returning series_id, at),
       late as (
         insert into rollup_late_series (series_id, bucket_at)
         select series_id, date_bin('1 minute', at, 'epoch') from kept where at < to_timestamp($4::float8 / 1000)),
       shown as (
         update metric_series s set last_seen_at = 'epoch' from wanted w
         where s.name = w.family || '${SUFFIX}' and s.labels = w.labels and s.last_seen_at > 'epoch'
           and exists (select from own where own.i = w.i))
       select own.i::int, count(distinct id)::int as counters,
         (count(distinct id) filter (where at is not null and own.start_at = wanted.start_at))::int as begun
       from own join wanted on wanted.i = own.i group by own.i`,
      [births.map((b) => b.family), births.map((b) => b.labels), births.map((b) => b.startMs), closedMs],
    );
    return new Map(rows.map(({ i, ...rest }) => [i, rest]));
  });
