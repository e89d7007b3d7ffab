import type { Db, Tx } from "../../kernel/context.ts";
import { SHARD_COUNT } from "../check/slots.ts";

/** Leases of shards. All times are the database's, so that workers' clocks do not matter. */

export interface Holding {
  /** shards this worker holds now */
  held: number[];
  /** workers that take part, this one included */
  workers: number;
}

/**
 * Renews this worker's leases and moves its holding towards a fair share: gives up what is above it (`surplus` chooses,
 * and is called before they are free for others), takes what is free or expired up to it. A lease that ends later than
 * one from now on was given before the database's clock was set back, and counts as expired unless it is renewed.
 */
export async function renewShards(
  db: Db,
  workerId: string,
  leaseMs: number,
  giveUp: (surplus: number[]) => void,
): Promise<Holding> {
  return await db.$transaction(
    async (tx) => {
      const [count] = await tx.$queryRaw<{ workers: number }[]>`
        with beat as (
          insert into health_worker (id, "leaseUntil") values (${workerId}, now() + ${leaseMs} * interval '1 ms')
          on conflict (id) do update set "leaseUntil" = excluded."leaseUntil" returning id
        ), gone as (
          delete from health_worker where "leaseUntil" < now() - interval '1 hour' and id <> ${workerId}
        )
        select 1 + count(*)::int as workers from health_worker where id <> ${workerId}
          and "leaseUntil" > now() and "leaseUntil" < now() + ${2 * leaseMs} * interval '1 ms'
          and exists (select 1 from beat)`;
      const workers = count?.workers ?? 1;
      const fair = Math.ceil(SHARD_COUNT / workers);
      let held = shardsOf(
        await tx.$queryRaw<{ shard: number }[]>`
          update health_shard set "leaseUntil" = now() + ${leaseMs} * interval '1 ms'
          where owner = ${workerId} returning shard`,
      );
      if (held.length > fair) {
        const surplus = held.slice(fair);
        giveUp(surplus);
        await release(tx, workerId, surplus);
        held = held.slice(0, fair);
      } else if (held.length < fair) {
        const taken = await tx.$queryRaw<{ shard: number }[]>`
          update health_shard set owner = ${workerId}, "leaseUntil" = now() + ${leaseMs} * interval '1 ms'
          where shard in (select shard from health_shard where owner is null or "leaseUntil" < now() or "leaseUntil" > now() + ${2 * leaseMs} * interval '1 ms'
            order by shard limit ${fair - held.length} for update skip locked)
          returning shard`;
        held = [...held, ...shardsOf(taken)];
      }
      return { held, workers };
    },
    { timeout: leaseMs, maxWait: leaseMs },
  );
}

const shardsOf = (rows: readonly { shard: number }[]): number[] => rows.map((row) => row.shard).sort((a, b) => a - b);

const release = (tx: Tx | Db, workerId: string, shards: readonly number[]) =>
  tx.$executeRaw`update health_shard set owner = null where owner = ${workerId} and shard = any(${shards}::int[])`;

/** Leaves in order: everything is free for the others at once. */
export async function leaveShards(db: Db, workerId: string): Promise<void> {
  await db.$executeRaw`update health_shard set owner = null where owner = ${workerId}`;
  await db.healthWorker.deleteMany({ where: { id: workerId } });
}

/** The rows that leases are written on; they stay for ever. */
export async function makeShards(db: Db): Promise<void> {
  await db.$executeRaw`insert into health_shard (shard, "leaseUntil")
    select shard, now() from generate_series(0, ${SHARD_COUNT - 1}) as shard on conflict do nothing`;
}
