import type { Connection } from "./database.ts";
import { wholeOf } from "./unknown-starts.ts";

/** A counter's first sample after it began at zero; times in ms since 1970. */
export interface MetricStart {
  startMs: number;
  atMs: number;
  value: number;
}

/**
 * Keeps where counters began, so that what they counted before their first sample is counted, and a restart is one
 * although the new value is not below the old. A stream of which earlier samples are stored did not begin with this one;
 * nor did a bucket that a histogram got later, where the histogram itself has a sample at its start.
 */
export async function noteStarts(
  tx: Connection,
  stored: readonly { id: number; name: string; labels: Record<string, string>; starts: MetricStart[] }[],
): Promise<void> {
  const starts = stored
    .filter((one) => one.starts.length > 0)
    .flatMap((one) => {
      const whole = wholeOf(one);
      return one.starts.map((start) => ({ id: one.id, whole, ...start }));
    });
  if (starts.length === 0) return;
  starts.sort((a, b) => a.id - b.id || a.startMs - b.startMs);
  await tx.query(
    `insert into metric_start (series_id, start_at, at, value)
     select id, to_timestamp(start_ms / 1000), to_timestamp(at_ms / 1000), value
     from unnest($1::int4[], $2::float8[], $3::float8[], $4::float8[], $5::int8[]) as u(id, start_ms, at_ms, value, whole)
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

/** Forgets starts of series that are gone, and those before what the rollups keep. */
export async function forgetStarts(tx: Connection, before: Date): Promise<void> {
  await tx.query(
    "delete from metric_start b where at < $1 or not exists (select from metric_series s where s.id = b.series_id)",
    [before],
  );
}
