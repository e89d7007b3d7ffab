import { Slots } from "../../kernel/slots.ts";
import type { ProbeResult } from "../../ports/prober.ts";
import { SlotHeap } from "./slot-heap.ts";
import { latestStartMs, nextSlot } from "./slots.ts";
import type { PlannedTarget } from "./targets.ts";

export interface CheckStart {
  targetId: string;
  slotAtMs: number;
  /** how late the check started */
  driftMs: number;
}

interface CheckLoopOptions {
  check: (target: PlannedTarget) => Promise<ProbeResult>;
  onResult: (target: PlannedTarget, slotAtMs: number, endedAtMs: number, result: ProbeResult) => void;
  /** no result came about, for reasons of our own */
  onError: (target: PlannedTarget, error: unknown) => void;
  onStart?: ((start: CheckStart) => void) | undefined;
  /** checks at once; more wait, and are skipped when they would start too late */
  concurrency: number;
  /** false stops every start: the leases are gone */
  mayCheck: () => boolean;
  /** ms since the epoch */
  now: () => number;
}

interface Entry {
  target: PlannedTarget;
  /** the slot it waits for */
  atMs: number;
  /** false once its shard is given up */
  kept: boolean;
  running: boolean;
}

const LONGEST_SLEEP_MS = 500;
/** wall clock against monotonic clock: a difference past this is a jump */
const JUMP_MS = 2_000;
/** pause between first checks of targets that were never seen */
const FIRST_CHECK_EVERY_MS = 10;

/**
 * Starts checks at their slots: one timer over a heap, bounded concurrency, never two checks of a target at once. A
 * slot that cannot be met is skipped. When the clock jumps, all slots are laid out anew from the present.
 */
export function createCheckLoop(options: CheckLoopOptions) {
  const entries = new Map<string, Entry>();
  const heap = new SlotHeap<Entry>();
  const ready: Entry[] = [];
  const counts = { started: 0, skipped: 0 };
  const places = new Slots(options.concurrency);
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let clockOffsetMs = options.now() - performance.now();

  const sleep = () => {
    if (timer) clearTimeout(timer);
    timer = null;
    const next = heap.peek();
    if (stopped || !next) return;
    timer = setTimeout(tick, Math.max(0, Math.min(next.atMs - options.now(), LONGEST_SLEEP_MS)));
  };
  const later = (entry: Entry, afterMs: number) => {
    entry.atMs = nextSlot(entry.target.id, entry.target.intervalMs, afterMs);
    heap.push(entry);
  };
  const layOutAnew = () => {
    heap.clear();
    for (const entry of entries.values()) if (!ready.includes(entry)) later(entry, options.now());
  };

  function tick(): void {
    const offsetMs = options.now() - performance.now();
    if (Math.abs(offsetMs - clockOffsetMs) > JUMP_MS) layOutAnew();
    clockOffsetMs = offsetMs;
    for (let next = heap.peek(); next && next.atMs <= options.now(); next = heap.peek()) {
      heap.pop();
      if (next.kept) ready.push(next);
    }
    startReady();
    sleep();
  }

  function startReady(): void {
    while (ready.length > 0 && !places.isFull) {
      const entry = ready.shift();
      if (!entry?.kept) continue;
      const nowMs = options.now();
      const slotAtMs = entry.atMs;
      later(entry, Math.max(slotAtMs, nowMs));
      const late = nowMs > latestStartMs(slotAtMs, entry.target.intervalMs);
      if (late || entry.running || !options.mayCheck()) counts.skipped++;
      else void run(entry, slotAtMs, nowMs);
    }
  }

  async function run(entry: Entry, slotAtMs: number, nowMs: number): Promise<void> {
    entry.running = true;
    try {
      await places.withSlot(
        () => check(entry.target, slotAtMs, nowMs),
        () => undefined,
      );
    } finally {
      entry.running = false;
      if (ready.length > 0) {
        startReady();
        sleep();
      }
    }
  }

  async function check(target: PlannedTarget, slotAtMs: number, nowMs: number): Promise<void> {
    counts.started++;
    try {
      options.onStart?.({ targetId: target.id, slotAtMs, driftMs: nowMs - slotAtMs });
      const result = await options.check(target);
      options.onResult(target, slotAtMs, options.now(), result);
    } catch (error) {
      options.onError(target, error);
    }
  }

  return {
    /** Takes targets on. Those in `first` get one check soon, spread out, besides their slots. */
    add(targets: readonly PlannedTarget[], first: ReadonlySet<string>): void {
      let soonMs = options.now();
      for (const target of targets) {
        if (entries.has(target.id)) continue;
        const slotMs = nextSlot(target.id, target.intervalMs, options.now());
        const early = first.has(target.id) && soonMs + FIRST_CHECK_EVERY_MS + target.timeoutMs < slotMs;
        if (early) soonMs += FIRST_CHECK_EVERY_MS;
        const atMs = early ? soonMs : slotMs;
        const entry: Entry = { target, atMs, kept: true, running: false };
        entries.set(target.id, entry);
        heap.push(entry);
      }
      sleep();
    },
    /** Lets targets go; a check that runs finishes. */
    remove(wanted: (target: PlannedTarget) => boolean): void {
      for (const entry of entries.values()) {
        if (!wanted(entry.target)) continue;
        entry.kept = false;
        entries.delete(entry.target.id);
      }
    },
    size: () => entries.size,
    running: () => places.used,
    counts: () => ({ ...counts }),
    stop(): void {
      stopped = true;
      if (timer) clearTimeout(timer);
      heap.clear();
      ready.length = 0;
    },
  };
}
export type CheckLoop = ReturnType<typeof createCheckLoop>;
