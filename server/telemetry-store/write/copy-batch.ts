import { type Connection, copyInto, type Database } from "../database.ts";
import { isMissingPartition, isOfTheRecord } from "../database-errors.ts";
import type { PartitionedName, Partitions } from "../partitions/partitions.ts";
import type { CopyRows } from "./copy-rows.ts";

/** One COPY of a transaction: the table with its columns, and how a record becomes one row or several. */
export interface CopyTarget<R> {
  into: string;
  rows: CopyRows;
  /** `i` is the record's index among all that are copied */
  encode: (record: R, i: number) => void;
}

/** Copies records and says which of them (by index) the database refused, and why. */
export type Copy = <R>(tx: Connection, target: CopyTarget<R>, records: readonly R[]) => Promise<Map<number, string>>;

const copyAll: Copy = async (tx, { into, rows, encode }, records) => {
  let i = 0;
  await copyInto(tx, into, rows, records, (record) => encode(record, i++));
  return new Map();
};

/** With a savepoint around each COPY: a record that the database refuses is found by halving and costs no other. */
const copyCarefully: Copy = async (tx, target, records) => {
  const refused = new Map<number, string>();
  const copy = async (from: number, to: number): Promise<void> => {
    await tx.query("savepoint copying");
    try {
      const encode: typeof target.encode = (record, i) => target.encode(record, from + i);
      await copyAll(tx, { ...target, encode }, records.slice(from, to));
      await tx.query("release savepoint copying");
    } catch (error) {
      if (!isOfTheRecord(error) || isMissingPartition(error)) throw error;
      await tx.query("rollback to savepoint copying; release savepoint copying");
      if (to - from === 1) refused.set(from, (error as Error).message);
      else {
        const middle = (from + to) >> 1;
        await copy(from, middle);
        await copy(middle, to);
      }
    }
  };
  if (records.length > 0) await copy(0, records.length);
  return refused;
};

/**
 * A transaction that copies into partitioned tables. Done again with partitions made anew when one was dropped
 * meanwhile, and with care when the database refuses a record in it.
 *
 * @param places the tables, and the instants (ms since 1970) of what goes into them
 */
export async function transactCopy(
  database: Database,
  partitions: Partitions,
  places: readonly { tables: readonly PartitionedName[]; instantsMs: Iterable<number> }[],
  work: (tx: Connection, copy: Copy) => Promise<void>,
): Promise<void> {
  let copy = copyAll;
  for (let attempt = 1; ; attempt++) {
    for (const { tables, instantsMs } of places) await partitions.ensure(tables, instantsMs);
    try {
      await database.transact((tx) => work(tx, copy));
      return;
    } catch (error) {
      if (attempt > 2 || !isOfTheRecord(error)) throw error;
      if (isMissingPartition(error)) partitions.forget();
      else copy = copyCarefully;
    }
  }
}
