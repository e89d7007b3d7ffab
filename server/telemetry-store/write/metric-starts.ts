import type { Connection } from "../database.ts";
import { BASE_MS } from "../read/usual-distance.ts";
import { sharedOf, wholeOf } from "./unknown-starts.ts";

/** A counter's first sample after it began at zero, or a delta and since when it counts; times in ms since 1970. */
export interface MetricStart {
  startMs: number;
  atMs: number;
  value: number;
}

/**
 * Keeps where counters began, so that what they counted before their first sample is counted, and a restart is one
 * although the new value is not below the old. A stream of which earlier samples are stored did not begin with this one;
 * nor did a bucket that a histogram got later, where the histogram itself has a sample at its start. A process that wrote
 * the series it shares with others before one of them took it up goes on from its last value there.
 */
export async function noteStarts(
  tx: Connection,
  stored: readonly { id: number; name: string; labels: Record<string, string>; starts: MetricStart[] }[],
): Promise<void> {
  const starts = stored
    .filter((one) => one.starts.length > 0)
    .flatMap((one) => {
      const [whole, shared] = [wholeOf(one), sharedOf(one)];
      return one.starts.map((start) => ({ id: one.id, whole, shared, ...start }));
    });
  // what the series that are shared tell is asked for by the others
  await insertStarts(
    tx,
    starts.filter(({ shared }) => shared === null),
  );
  await insertStarts(
    tx,
    starts.filter(({ shared }) => shared !== null),
  );
}

/**
 * A late sample that does not tell its start, of a counter whose start was told by another series, may be its first.
 * @param stored `earlier`: such samples
 */
export async function moveStarts(
  tx: Connection,
  stored: readonly { id: number; earlier: readonly Omit<MetricStart, "startMs">[] }[],
): Promise<void> {
  const all = stored.flatMap(({ id, earlier }) => earlier.map((one) => ({ id, ...one })));
  if (all.length === 0) return;
  await tx.query(
    `update metric_start b set at = first.at, value = first.value
     from (select distinct on (m.series_id, m.start_at) m.series_id, m.start_at, to_timestamp(u.at_ms / 1000) as at, u.value
       from unnest($1::int4[], $2::float8[], $3::float8[]) as u(id, at_ms, value)
         join metric_start m on m.series_id = u.id and m.start_at < to_timestamp(u.at_ms / 1000)
           and m.at > to_timestamp(u.at_ms / 1000)
       order by m.series_id, m.start_at, u.at_ms) first
     where b.series_id = first.series_id and b.start_at = first.start_at`,
    [all.map(({ id }) => id), all.map(({ atMs }) => atMs), all.map(({ value }) => value)],
  );
}

async function insertStarts(
  tx: Connection,
  starts: (MetricStart & { id: number; whole: string | null; shared: string | null })[],
): Promise<void> {
  if (starts.length === 0) return;
  starts.sort((a, b) => a.id - b.id || a.startMs - b.startMs);
  await tx.query(
    `insert into metric_start (series_id, start_at, at, value)
     select u.id, coalesce(mine.at, to_timestamp(start_ms / 1000)), to_timestamp(at_ms / 1000), u.value - coalesce(mine.value, 0)
     from unnest($1::int4[], $2::float8[], $3::float8[], $4::float8[], $5::int8[], $6::int8[])
       as u(id, start_ms, at_ms, value, whole, shared)
     left join lateral (
       select m.at, m.value from metric_series p join metric_sample m on m.series_id = p.id
       where p.fingerprint = u.shared and m.at >= to_timestamp(start_ms / 1000) and m.at < to_timestamp(p.owner_start_ms / 1000)
         and m.at < to_timestamp(at_ms / 1000) and m.value <= u.value
         and not exists (select from metric_start other where other.series_id = p.id
           and other.start_at > to_timestamp(start_ms / 1000) and other.start_at <= m.at)
       order by m.at desc limit 1
     ) mine on true
     where not exists (select from metric_sample m where m.series_id = u.id
       and m.at >= to_timestamp(start_ms / 1000) and m.at < to_timestamp(at_ms / 1000))
       and not exists (select from metric_series w join metric_sample m on m.series_id = w.id
         where w.fingerprint = u.whole and m.at = to_timestamp(start_ms / 1000))
     order by id, start_ms
     on conflict (series_id, start_at) do update set at = excluded.at, value = excluded.value
       where excluded.at < metric_start.at`,
    [
      starts.map((s) => s.id),
      starts.map((s) => s.startMs),
      starts.map((s) => s.atMs),
      starts.map((s) => s.value),
      starts.map((s) => s.whole),
      starts.map((s) => s.shared),
    ],
  );
}

/** Adds the sample to the starts of its series; nothing where it does not tell one. */
export function addStart(starts: MetricStart[], startMs: number | undefined, atMs: number, value: number): void {
  // a stream that began with its first sample is one whose beginning its sender does not know (OTLP, "Unknown start time")
  if (startMs === undefined || !(startMs > 0) || startMs >= atMs) return;
  const known = starts.find((one) => one.startMs === startMs);
  if (!known) starts.push({ startMs, atMs, value });
  else if (atMs < known.atMs) Object.assign(known, { atMs, value });
}

/** Notes since when a delta counts, unless that is since the one before it, which tells, or no span that one has. */
export function addDeltaStart(
  starts: MetricStart[],
  told: number | undefined,
  atMs: number,
  value: number,
  lastMs = Number.NEGATIVE_INFINITY,
): void {
  const startMs = told === undefined ? undefined : Math.floor(told);
  if (startMs === undefined || Math.abs(startMs - lastMs) <= SAME_MS || atMs - startMs > BASE_MS) return;
  addStart(starts, startMs, atMs, value);
}
/** places of one instant, and what an SDK's clocks differ by */
const SAME_MS = 1_000;

/** Forgets starts of series that are gone, and those before what the rollups keep. */
export async function forgetStarts(tx: Connection, before: Date): Promise<void> {
  await tx.query(
    "delete from metric_start b where at < $1 or not exists (select from metric_series s where s.id = b.series_id)",
    [before],
  );
}
