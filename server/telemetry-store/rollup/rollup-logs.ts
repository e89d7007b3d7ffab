import type { Connection } from "../database.ts";
import { type Rollup, redoBuckets } from "./rollup.ts";

const HOUR_MS = 3_600_000;

const HOURS: Omit<Rollup, "redo"> = {
  job: "logs",
  unitMs: HOUR_MS,
  chunkMs: HOUR_MS,
  graceMs: 60_000,
  raw: { table: "log_count", at: "bucket_at" },
  roll: async (tx: Connection, fromMs, toMs) => {
    const range = [new Date(fromMs), new Date(toMs)];
    await tx.query("delete from log_count_hour where bucket_at >= $1 and bucket_at < $2", range);
    await tx.query(
      `insert into log_count_hour (bucket_at, service, environment, version, pattern_id, level, count)
       select date_bin('1 hour', bucket_at, 'epoch'), service, environment, version, pattern_id, level, sum(count)
       from log_count where bucket_at >= $1 and bucket_at < $2 group by 1, 2, 3, 4, 5, 6`,
      range,
    );
  },
};

/** Lines per hour, from those per minute, which the writers keep themselves. */
export const LOG_ROLLUP: Rollup = { ...HOURS, redo: (tx, doneMs) => redoBuckets(tx, HOURS, doneMs) };
