import { LOG_LEVELS } from "../../agent/ports/telemetry.ts";
import type { MinedLog } from "../../agent/ports/telemetry-store.ts";
import type { Connection } from "../database.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The level of a SeverityNumber as the tables have it: 0 not said, 1 trace … 6 fatal. */
export const levelNumber = (severity: number): number =>
  severity >= 1 ? Math.min(LOG_LEVELS.length, Math.floor((severity - 1) / 4) + 1) : 0;

interface Row {
  bucketMs: number;
  line: MinedLog;
  level: number;
  count: number;
}

/** Counts of the lines of one transaction, per minute, origin, pattern and level. */
export function createLogTally() {
  const rows = new Map<string, Row>();
  const hours = new Set<number>();
  return {
    add(line: MinedLog): void {
      const bucketMs = Math.floor(line.atMs / MINUTE_MS) * MINUTE_MS;
      const level = levelNumber(line.severity);
      const key = `${bucketMs}\0${line.service}\0${line.environment}\0${line.version}\0${line.patternId ?? 0}\0${level}`;
      const known = rows.get(key);
      if (known) known.count++;
      else {
        rows.set(key, { bucketMs, line, level, count: 1 });
        hours.add(Math.floor(line.atMs / HOUR_MS) * HOUR_MS);
      }
    },
    /** starts of the hours that were touched */
    hours,
    async save(tx: Connection): Promise<void> {
      if (rows.size === 0) return;
      const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
      await tx.query(
        `insert into log_count as c (bucket_at, service, environment, version, pattern_id, level, count)
         select to_timestamp(bucket / 1000), service, environment, version, pattern, level, count
         from unnest($1::float8[], $2::text[], $3::text[], $4::text[], $5::int4[], $6::int2[], $7::int8[])
           as u(bucket, service, environment, version, pattern, level, count)
         on conflict (bucket_at, service, environment, version, pattern_id, level)
           do update set count = c.count + excluded.count`,
        [
          sorted.map((row) => row.bucketMs),
          sorted.map((row) => row.line.service),
          sorted.map((row) => row.line.environment),
          sorted.map((row) => row.line.version),
          sorted.map((row) => row.line.patternId ?? 0),
          sorted.map((row) => row.level),
          sorted.map((row) => row.count),
        ],
      );
    },
    /** First and last time (ms since 1970) of each pattern, to the minute. */
    patterns(): Map<number, { firstMs: number; lastMs: number }> {
      const seen = new Map<number, { firstMs: number; lastMs: number }>();
      for (const { line } of rows.values()) {
        if (line.patternId === null) continue;
        const known = seen.get(line.patternId);
        if (!known) seen.set(line.patternId, { firstMs: line.atMs, lastMs: line.atMs });
        else {
          known.firstMs = Math.min(known.firstMs, line.atMs);
          known.lastMs = Math.max(known.lastMs, line.atMs);
        }
      }
      return seen;
    },
  };
}
