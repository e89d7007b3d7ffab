import { setTimeout as sleep } from "node:timers/promises";
import type { Runtime } from "../../kernel/context.ts";
import type { Prober } from "../../ports/prober.ts";
import { createRecorder } from "../record/recorder.ts";
import { listUnseen } from "../record/store.ts";
import { type CheckStart, createCheckLoop } from "./check-loop.ts";
import { createCheckTarget } from "./check-target.ts";
import { startShardLeases } from "./shard-leases.ts";
import { syncTargets } from "./sync-targets.ts";
import { type PlannedTarget, planKept, planTargets } from "./targets.ts";

export interface HealthSchedulerOptions {
  /** different for every worker, also after a restart */
  workerId: string;
  prober: Prober;
  /** what went wrong and is tried again, for the log */
  report?: (message: string, error: unknown) => void;
  /** sees each check as it starts */
  onStart?: (start: CheckStart) => void;
  concurrency?: number;
  flushMs?: number;
  leaseMs?: number;
  renewMs?: number;
}

export interface HealthScheduler {
  /** Ends in order: no new checks, those that run are recorded, the shards are free for other workers. */
  stop(): Promise<void>;
  stats(): {
    targets: number;
    shards: number;
    workers: number;
    running: number;
    /** checks started, and slots that were left out because they would have come too late */
    started: number;
    skipped: number;
    /** results not written yet, and results given up while the database was away */
    waiting: number;
    dropped: number;
  };
}

const DEFAULTS = { concurrency: 256, flushMs: 1_000, leaseMs: 10_000, renewMs: 2_000 };
/** a check that takes longer is given up at the end: another worker makes the next one */
const DRAIN_MS = 1_500;
const DRAIN_POLL_MS = 20;
const ASK_AGAIN_MS = 2_000;

/**
 * Checks this worker's share of all targets, for as long as it runs. Any number of workers may run it on one database:
 * each leases a fair share of the shards, and takes over those of a worker that ended or fell silent within
 * `leaseMs` + `renewMs`. Resolves once the targets are in the database and the first shards are leased.
 */
export async function startHealthScheduler(runtime: Runtime, given: HealthSchedulerOptions): Promise<HealthScheduler> {
  const options = { ...DEFAULTS, ...given };
  const report = given.report ?? (() => {});
  const plan = planTargets(runtime.config, runtime);
  await syncTargets(runtime, plan);

  const recorder = createRecorder(runtime, { flushMs: options.flushMs, report });
  const loop = createCheckLoop({
    check: createCheckTarget(runtime, given.prober),
    onResult: (target, slotAtMs, endedAtMs, result) =>
      recorder.add({ targetId: target.id, slotAtMs, endedAtMs, ...result }),
    onError: (target, error) => report(`${target.name} could not be checked`, error),
    onStart: given.onStart,
    concurrency: options.concurrency,
    mayCheck: () => leases.valid(),
    now: () => runtime.now().getTime(),
  });
  const takeOn = async (shards: readonly number[]) => {
    const targets = plan.filter((target) => shards.includes(target.shard));
    const since = new Date(runtime.now().getTime() - Math.max(0, ...targets.map((target) => target.intervalMs)));
    const unseen = await listUnseen(runtime.db, shards, since).catch((error) => {
      report("what was last seen of the targets could not be read; their first checks wait for their slots", error);
      return [];
    });
    const held = leases.held(); // some may be gone again
    const kept = targets.filter((target) => held.includes(target.shard));
    loop.add(kept, new Set(unseen));
  };
  const leases = startShardLeases(runtime.db, {
    workerId: given.workerId,
    leaseMs: options.leaseMs,
    renewMs: options.renewMs,
    report,
    onChange: ({ gained, lost }) => {
      loop.remove((target) => lost.includes(target.shard));
      if (gained.length > 0) void takeOn(gained);
    },
  });
  await leases.ready;
  const stopping = new AbortController();
  const withKept = addKept(runtime, stopping.signal, async (kept) => {
    plan.push(...kept);
    await syncTargets(runtime, plan);
    loop.add(
      kept.filter((target) => leases.held().includes(target.shard)),
      new Set(kept.map(({ id }) => id)),
    );
  }).catch((error) => report("services that left the configuration could not be taken on", error));

  return {
    async stop() {
      const until = performance.now() + DRAIN_MS;
      stopping.abort();
      await withKept;
      loop.remove(() => true);
      loop.stop();
      while (loop.running() > 0 && performance.now() < until)
        await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
      await recorder.stop();
      await leases.stop().catch((error) => report("the shards could not be given back; they expire", error));
    },
    stats: () => ({
      targets: loop.size(),
      shards: leases.held().length,
      workers: leases.workers(),
      running: loop.running(),
      ...loop.counts(),
      waiting: recorder.waiting(),
      dropped: recorder.dropped(),
    }),
  };
}

/** Takes on what runs though it left the configuration, as soon as the platform can be asked. */
async function addKept(runtime: Runtime, signal: AbortSignal, add: (kept: PlannedTarget[]) => Promise<void>) {
  while (!signal.aborted) {
    const services = await runtime.platform.workloads.listServices().catch(() => null); // it may start later than the worker
    if (services !== null) {
      const kept = planKept(
        runtime.config,
        services.filter(({ configured }) => !configured),
      );
      if (kept.length > 0 && !signal.aborted) await add(kept);
      return;
    }
    await sleep(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}
