import type { Db } from "../../kernel/context.ts";
import { leaveShards, makeShards, renewShards } from "../record/store-shards.ts";

interface ShardLeaseOptions {
  workerId: string;
  leaseMs: number;
  /** several renewals fit into a lease, so that one slow one loses nothing */
  renewMs: number;
  /** shards this worker took or gave up; called with the shards it holds afterwards */
  onChange: (change: { gained: number[]; lost: number[]; held: number[] }) => void;
  report: (message: string, error: unknown) => void;
}

/**
 * Keeps this worker's share of the shards leased. An owner that cannot renew stops acting on its own clock before the
 * lease ends on the database's, so two owners never act at once.
 */
export function startShardLeases(db: Db, options: ShardLeaseOptions) {
  let held: readonly number[] = [];
  let validUntilMs = 0;
  let workers = 1;
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let made = false;

  const hold = (next: readonly number[]) => {
    const before = held;
    held = [...next];
    const gained = next.filter((shard) => !before.includes(shard));
    const lost = before.filter((shard) => !next.includes(shard));
    if (gained.length > 0 || lost.length > 0) options.onChange({ gained, lost, held: [...next] });
  };

  async function renew(): Promise<void> {
    const startedAtMs = performance.now();
    try {
      if (!made) await makeShards(db);
      made = true;
      const giveUp = (surplus: number[]) => hold(held.filter((shard) => !surplus.includes(shard)));
      const holding = await renewShards(db, options.workerId, options.leaseMs, giveUp);
      if (stopped) return;
      validUntilMs = startedAtMs + options.leaseMs;
      workers = holding.workers;
      hold(holding.held);
    } catch (error) {
      options.report("the leases of the health shards could not be renewed", error);
      if (performance.now() >= validUntilMs) hold([]);
    }
  }
  async function turn(): Promise<void> {
    await renew();
    if (stopped) return;
    timer = setTimeout(() => {
      turning = turn();
    }, options.renewMs);
  }
  let turning = turn();

  return {
    valid: () => performance.now() < validUntilMs,
    held: () => [...held],
    workers: () => workers,
    /** Settles after the first renewal. */
    ready: turning,
    async stop(): Promise<void> {
      stopped = true;
      if (timer) clearTimeout(timer);
      await turning;
      validUntilMs = 0;
      hold([]);
      if (made) await leaveShards(db, options.workerId);
    },
  };
}
