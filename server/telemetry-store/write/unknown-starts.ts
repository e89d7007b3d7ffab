import { STREAM_START } from "../../agent/ports/telemetry.ts";
import type { Connection } from "../database.ts";
import { fingerprintOf, fingerprintText } from "./fingerprint.ts";
import type { MetricStart } from "./metric-starts.ts";

/**
 * A sender that does not know when its counter began says so with a first point whose start is its own time; the points
 * after it keep that start (OTLP data model, "Cumulative Streams: Handling Unknown Start Time"). Its first value is what
 * was counted before anybody looked, not an increase.
 *
 * Where nothing but the start tells processes apart, the first point cannot yet be told from one of a sender that
 * starts anew with every point, so it is written to the series without `stream_start`. As soon as a point with
 * that start is there, the first one moves to its series.
 */
interface StoredStarts {
  id: number;
  name: string;
  labels: Readonly<Record<string, string>>;
  starts: readonly MetricStart[];
  /** times in ms of samples that begin with themselves, where another series may turn out to be theirs */
  openings: readonly number[];
}

const WHOLE = "+Inf";
const keyOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  fingerprintText(fingerprintOf(name, labels));

/** Of a histogram's bucket, the fingerprint of the one that holds all; null for what is none. */
export const wholeOf = ({ name, labels }: Pick<StoredStarts, "name" | "labels">): string | null =>
  labels.le === undefined || labels.le === WHOLE ? null : keyOf(name, { ...labels, le: WHOLE });

/** Of a stream that only its start tells apart, the fingerprint of what all of them share; null for what is none. */
export function sharedOf({
  name,
  labels: { [STREAM_START]: stream, ...others },
}: Pick<StoredStarts, "name" | "labels">) {
  return stream === undefined ? null : keyOf(name, others);
}

/** A first sample is its own start, in a series that is not named after its start. */
export const isOpening = (labels: StoredStarts["labels"], startMs: number | undefined, atMs: number): boolean =>
  startMs !== undefined && Math.floor(startMs) === atMs && labels[STREAM_START] === undefined;

/** a first sample and the next of its stream may come in transactions side by side */
const LOCK = "select pg_advisory_xact_lock(7310013)";

/**
 * Moves first samples to the streams they belong to, and leaves notes of what is rolled up already. To be called before
 * starts are noted: a stream that has a sample at its start did not begin at zero.
 * @param closedMs until when it may be rolled up
 */
export async function moveOpenings(tx: Connection, stored: readonly StoredStarts[], closedMs: number): Promise<void> {
  const streams = stored.flatMap(({ id, name, labels: { [STREAM_START]: stream, ...others }, starts }) =>
    stream === undefined ? [] : starts.map(({ startMs }) => ({ id, other: keyOf(name, others), atMs: startMs })),
  );
  const openings = stored.flatMap(({ id, name, labels, openings: own }) =>
    own.map((atMs) => ({
      id,
      other: keyOf(name, { ...labels, [STREAM_START]: new Date(atMs).toISOString() }),
      atMs,
    })),
  );
  if (streams.length + openings.length === 0) return;
  await tx.query(LOCK);
  const all = [...streams, ...openings];
  const moved = await tx.query<{ stream_id: number; plain_id: number; at_ms: number }>(
    `with wanted as (
       select case when is_stream then u.id else s.id end as stream_id, case when is_stream then s.id else u.id end as plain_id,
         to_timestamp(at_ms / 1000) as at
       from unnest($1::int4[], $2::int8[], $3::float8[], $4::bool[]) as u(id, other, at_ms, is_stream)
         join metric_series s on s.fingerprint = u.other and s.id <> u.id),
     taken as (
       delete from metric_sample m using wanted w join metric_series p on p.id = w.plain_id and p.owner_start_ms is null
       where m.series_id = w.plain_id and m.at = w.at and m.at = any($5::timestamptz[])
       returning w.stream_id, w.plain_id, m.at, m.value),
     kept as (
       insert into metric_sample (at, value, series_id)
       select distinct on (stream_id, at) at, value, stream_id from taken order by stream_id, at),
     unborn as (
       delete from metric_start b
       using (select stream_id, at from taken union select id, to_timestamp(at_ms / 1000)
         from unnest($1::int4[], $3::float8[], $4::bool[]) as u(id, at_ms, is_stream) where not is_stream) t(series_id, at)
       where b.series_id = t.series_id and b.start_at = t.at
       returning b.series_id, b.at)
     select distinct stream_id, plain_id, extract(epoch from at)::float8 * 1000 as at_ms from taken
     union select series_id, series_id, extract(epoch from at)::float8 * 1000 from unborn`,
    [
      all.map(({ id }) => id),
      all.map(({ other }) => other),
      all.map(({ atMs }) => atMs),
      all.map((_, i) => i < streams.length),
      all.map(({ atMs }) => new Date(atMs)),
    ],
  );
  const late = moved.rows.filter(({ at_ms: atMs }) => atMs < closedMs);
  if (late.length > 0)
    await tx.query(
      `insert into rollup_late_series (series_id, bucket_at)
       select series, date_bin('1 minute', to_timestamp(at_ms / 1000), 'epoch')
       from unnest($1::int4[], $2::float8[]) as u(series, at_ms)`,
      [
        late.flatMap(({ stream_id: stream, plain_id: plain }) => [stream, plain]),
        late.flatMap(({ at_ms: atMs }) => [atMs, atMs]),
      ],
    );
}
