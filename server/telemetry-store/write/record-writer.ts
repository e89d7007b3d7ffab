import type { z } from "zod";
import type { Signal } from "../../agent/ports/ingest-store.ts";
import type { Sender, Written } from "../../agent/ports/telemetry-store.ts";
import type { IngestLimitsSchema } from "../../agent/telemetry/config.ts";
import type { Connection, Database } from "../database.ts";
import type { PartitionedName, Partitions, Retention } from "../partitions/partitions.ts";
import { createBatchQueue } from "./batch-queue.ts";
import { type Copy, transactCopy } from "./copy-batch.ts";
import { CopyRows } from "./copy-rows.ts";
import { createArrivalTally } from "./ingest-counts.ts";
import { createRejections, type Rejections } from "./rejections.ts";

/** transactions of one signal under way at most: one is being made while the server works on the other */
const LANES = 2;

export interface StoreParts {
  database: Database;
  partitions: Partitions;
  retention: Retention;
  limits: z.infer<typeof IngestLimitsSchema>;
  now: () => Date;
}

/** What a writer keeps of one record, or of the samples of one series. */
export interface Entry {
  service: string;
  /** log lines, samples or spans */
  records: number;
  /** for the ingest page, when the database refuses it */
  example: () => string | null;
}

/** What one caller brings: the entries that can be stored, and what is wrong with the others. */
export interface Prepared<E extends Entry> {
  entries: E[];
  rejections: Rejections;
}

/** How one signal is written. */
export interface RecordTarget<E extends Entry> {
  signal: Signal;
  /** table and columns */
  into: string;
  tables: readonly PartitionedName[];
  maxRecords: number;
  instantsMs(entry: E): Iterable<number>;
  /** Called first in every transaction; `append` adds the rows of the i-th entry, maybe
   * more than once; `finish` is told what was stored. */
  open(
    tx: Connection,
    entries: readonly E[],
  ): Promise<{ append(rows: CopyRows, entry: E, i: number): void; finish(stored: readonly E[]): Promise<void> }>;
  /** told after the commit */
  committed?(entries: readonly E[]): void;
}

export interface RecordWriter<E extends Entry> {
  /** @param first work at the beginning of the same transaction, which then is the caller's alone */
  write(prepared: Prepared<E>, sender: Sender, first?: (tx: Connection) => Promise<void>): Promise<Written>;
}

interface Piece<E extends Entry> extends Prepared<E> {
  size: number;
  sender: Sender;
  /** what the database refused in the last attempt */
  refused: Rejections;
}

export function createRecordWriter<E extends Entry>(parts: StoreParts, target: RecordTarget<E>): RecordWriter<E> {
  const { database, partitions, now } = parts;

  const transact = async (pieces: readonly Piece<E>[], first?: (tx: Connection) => Promise<void>) => {
    await transactCopy(
      database,
      partitions,
      [
        { tables: target.tables, instantsMs: instantsOf(target, pieces) },
        { tables: ["ingest_count"], instantsMs: [now().getTime()] },
      ],
      async (tx, copy) => {
        await first?.(tx);
        await storePieces(target, pieces, now(), tx, copy);
      },
    );
    for (const { entries } of pieces) target.committed?.(entries);
  };
  const queue = createBatchQueue<Piece<E>>((pieces) => transact(pieces), {
    lanes: LANES,
    maxRecords: target.maxRecords,
  });
  return {
    write: async (prepared, sender, first) => {
      const size = prepared.entries.reduce((sum, entry) => sum + entry.records, 0);
      const piece: Piece<E> = { ...prepared, size, sender, refused: createRejections() };
      await (first ? transact([piece], first) : queue.add(piece));
      const rejected = [...piece.rejections.list(), ...piece.refused.list()];
      const refused = piece.refused.list().reduce((sum, { count }) => sum + count, 0);
      return { accepted: size - refused, rejected };
    },
  };
}

/** One instant of each day is enough to know the partitions. */
function instantsOf<E extends Entry>(target: RecordTarget<E>, pieces: readonly Piece<E>[]): Set<number> {
  const days = new Set<number>();
  for (const { entries } of pieces)
    for (const entry of entries)
      for (const atMs of target.instantsMs(entry)) days.add(Math.floor(atMs / 86_400_000) * 86_400_000);
  return days;
}

async function storePieces<E extends Entry>(
  target: RecordTarget<E>,
  pieces: readonly Piece<E>[],
  now: Date,
  tx: Connection,
  copy: Copy,
): Promise<void> {
  const entries = pieces.flatMap((piece) => piece.entries);
  const rows = new CopyRows();
  const bytes: number[] = [];
  const { append, finish } = await target.open(tx, entries);
  const encode = (entry: E, i: number) => {
    const before = rows.bytes;
    append(rows, entry, i);
    bytes[i] = rows.bytes - before;
  };
  const refused = await copy(tx, { into: target.into, rows, encode }, entries);
  const arrivals = createArrivalTally();
  const stored: E[] = [];
  let i = 0;
  for (const piece of pieces) {
    piece.refused = createRejections();
    for (const entry of piece.entries) {
      const reason = refused.get(i);
      if (reason === undefined) {
        stored.push(entry);
        arrivals.accept(piece.sender, entry.service, entry.records, bytes[i] ?? 0);
      } else piece.refused.add(`the database refuses it: ${reason}`, entry.example, entry.service, entry.records);
      i++;
    }
    arrivals.reject(piece.sender, piece.rejections);
    arrivals.reject(piece.sender, piece.refused);
  }
  await finish(stored);
  await arrivals.save(tx, target.signal, now);
}
