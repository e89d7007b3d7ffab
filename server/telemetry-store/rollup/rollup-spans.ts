import type { Connection } from "../database.ts";
import { type Rollup, redoBuckets } from "./rollup.ts";
import { CALL_COLUMNS, CALL_ROWS, MANY_ROWS, SPAN_COLUMNS, SPAN_ROWS } from "./span-rows.ts";

const MINUTE_MS = 60_000;

const MINUTES: Omit<Rollup, "redo"> = {
  job: "spans",
  unitMs: MINUTE_MS,
  chunkMs: 5 * MINUTE_MS,
  graceMs: 20_000,
  raw: { table: "span", at: "start_at" },
  roll: async (tx: Connection, fromMs, toMs) => {
    await tx.query(MANY_ROWS);
    const range = [new Date(fromMs), new Date(toMs)];
    for (const [table, columns, rows] of [
      ["span_minute", SPAN_COLUMNS, SPAN_ROWS],
      ["call_minute", CALL_COLUMNS, CALL_ROWS],
    ]) {
      await tx.query(`delete from ${table} where bucket_at >= $1 and bucket_at < $2`, range);
      await tx.query(`insert into ${table} (${columns}) select ${columns} from (${rows}) r`, range);
    }
  },
};

/** What services did, and who called whom, per minute. */
export const SPAN_ROLLUP: Rollup = { ...MINUTES, redo: (tx, doneMs) => redoBuckets(tx, MINUTES, doneMs) };
