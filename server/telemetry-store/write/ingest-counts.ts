import type { Signal } from "../../agent/ports/ingest-store.ts";
import type { Rejection } from "../../agent/ports/telemetry.ts";
import type { Sender } from "../../agent/ports/telemetry-store.ts";
import type { Connection } from "../database.ts";
import type { StoreParts } from "./record-writer.ts";
import { createRejections, type Rejections } from "./rejections.ts";

const MINUTE_MS = 60_000;
const MAX_REFUSALS = 1_000;

interface Arrival {
  sender: Sender;
  service: string;
  accepted: number;
  rejected: number;
  bytes: number;
}

/** Sums what one transaction takes in, by sender and service. */
export interface ArrivalTally {
  accept(sender: Sender, service: string, records: number, bytes: number): void;
  reject(sender: Sender, rejections: Rejections): void;
  /** Adds the sums to the minute of their arrival, and the reasons to what was refused so far. */
  save(tx: Connection, signal: Signal, now: Date): Promise<void>;
}

export function createArrivalTally(): ArrivalTally {
  const arrivals = new Map<string, Arrival>();
  const refusals = new Map<string, { sender: Sender; rejection: Rejection }>();
  const arrival = (sender: Sender, service: string): Arrival => {
    const key = `${sender.protocol}\0${sender.name}\0${service}`;
    const known = arrivals.get(key);
    if (known) return known;
    const fresh = { sender, service, accepted: 0, rejected: 0, bytes: 0 };
    arrivals.set(key, fresh);
    return fresh;
  };
  return {
    accept: (sender, service, records, bytes) => {
      const sum = arrival(sender, service);
      sum.accepted += records;
      sum.bytes += bytes;
    },
    reject: (sender, rejections) => {
      for (const [service, count] of rejections.byService) arrival(sender, service).rejected += count;
      for (const rejection of rejections.list()) {
        const key = `${sender.protocol}\0${sender.name}\0${rejection.reason}`;
        const known = refusals.get(key);
        if (known) known.rejection.count += rejection.count;
        else refusals.set(key, { sender, rejection: { ...rejection } });
      }
    },
    save: async (tx, signal, now) => {
      await saveArrivals(tx, signal, now, sorted(arrivals));
      await saveRefusals(tx, signal, now, sorted(refusals));
    },
  };
}

/** In the order of their keys, as everybody takes the rows' locks: nobody waits in a circle. */
const sorted = <T>(map: Map<string, T>): T[] => [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);

async function saveArrivals(tx: Connection, signal: Signal, now: Date, rows: readonly Arrival[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into ingest_count as c (bucket_at, signal, protocol, sender, service, accepted, rejected, bytes, first_at, first_accepted)
     select to_timestamp($1::float8), $2, u.*, $9::timestamptz, u.accepted
     from unnest($3::text[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::int8[])
       as u(protocol, sender, service, accepted, rejected, bytes)
     on conflict (bucket_at, signal, protocol, sender, service) do update set accepted = c.accepted + excluded.accepted,
       rejected = c.rejected + excluded.rejected, bytes = c.bytes + excluded.bytes`,
    [
      (Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS) / 1_000,
      signal,
      rows.map((row) => row.sender.protocol),
      rows.map((row) => row.sender.name),
      rows.map((row) => row.service),
      rows.map((row) => row.accepted),
      rows.map((row) => row.rejected),
      rows.map((row) => row.bytes),
      now,
    ],
  );
}

async function saveRefusals(
  tx: Connection,
  signal: Signal,
  now: Date,
  rows: readonly { sender: Sender; rejection: Rejection }[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into ingest_refusal as r (signal, protocol, sender, reason, count, first_at, last_at, example)
     select $1, protocol, sender, reason, count, $2, $2, example
     from unnest($3::text[], $4::text[], $5::text[], $6::int8[], $7::text[]) as u(protocol, sender, reason, count, example)
     on conflict (signal, protocol, sender, reason) do update set count = r.count + excluded.count,
       last_at = greatest(r.last_at, excluded.last_at), example = coalesce(excluded.example, r.example)`,
    [
      signal,
      now,
      rows.map((row) => row.sender.protocol),
      rows.map((row) => row.sender.name),
      rows.map((row) => row.rejection.reason),
      rows.map((row) => row.rejection.count),
      rows.map((row) => row.rejection.example),
    ],
  );
}

/** Keeps the newest thousand reasons. */
export async function forgetRefusals(tx: Connection): Promise<void> {
  await tx.query(
    `delete from ingest_refusal where last_at <
       (select last_at from ingest_refusal order by last_at desc offset ${MAX_REFUSALS - 1} limit 1)`,
  );
}

/** Counts what was refused before it could be written. */
export async function noteRefusals(
  { database, partitions, now }: Pick<StoreParts, "database" | "partitions" | "now">,
  signal: Signal,
  sender: Sender,
  rejected: readonly Rejection[],
): Promise<void> {
  if (rejected.length === 0) return;
  const rejections = createRejections();
  for (const { reason, count, example } of rejected) rejections.add(reason, () => example, "", count);
  await partitions.ensure(["ingest_count"], [now().getTime()]);
  await database.transact(async (tx) => {
    const arrivals = createArrivalTally();
    arrivals.reject(sender, rejections);
    await arrivals.save(tx, signal, now());
  });
}
