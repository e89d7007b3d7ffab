import { AppError } from "../../agent/kernel/errors.ts";
import { bytesInWords, type Disk, diskLevel, diskSentence } from "../../agent/kernel/storage/disk.ts";
import type { Signal, StorageSpace, StoredKind } from "../../agent/ports/ingest-store.ts";
import type { Database } from "../database.ts";
import {
  endOf,
  listPartitions,
  type Partition,
  type PartitionedName,
  type Partitions,
  type Retention,
} from "./partitions.ts";

/**
 * Keeps telemetry to its share of the disk: of a kind that has more than its part the oldest goes first, and what does
 * not fit then is refused.
 */

export const KINDS: Record<PartitionedName, StoredKind["kind"]> = {
  log_line: "logs",
  metric_sample: "metrics",
  span: "traces",
  log_count: "rollups",
  log_count_hour: "rollups",
  metric_minute: "rollups",
  metric_hour: "rollups",
  span_minute: "rollups",
  call_minute: "rollups",
  ingest_count: "rollups",
};
const SIGNALS = ["logs", "metrics", "traces"] as const satisfies Signal[];
const KEY = { logs: "logsMaxBytes", metrics: "samplesMaxBytes", traces: "spansMaxBytes" } as const;
/** whose growth the counts follow; `ingest_count` is small */
const COUNTED_OF: Partial<Record<PartitionedName, Signal>> = {
  ...{ log_count: "logs", log_count_hour: "logs", metric_minute: "metrics", metric_hour: "metrics" },
  ...{ span_minute: "traces", call_minute: "traces" },
};
/** What each kind may keep of all, however much the others have; what one does not need, others use until it does. */
const PARTS: Record<StoredKind["kind"], number> = { logs: 0.3, metrics: 0.2, traces: 0.15, rollups: 0.35 };
const STORED = Object.keys(PARTS) as StoredKind["kind"][];
/** of what is free for telemetry, what it takes already included */
const SHARE_OF_FREE = 0.5;

/** Bytes at most; null: no limit. */
export interface SpaceLimits extends Record<Signal, number | null> {
  all: number | null;
}

export function limitsOf(retention: Retention, stored: number, disk: Disk | null): SpaceLimits {
  const share = disk === null ? null : Math.floor((disk.freeBytes + stored) * SHARE_OF_FREE);
  const own = (signal: Signal) => retention[KEY[signal]] ?? null;
  return { all: retention.maxBytes ?? share, logs: own("logs"), metrics: own("metrics"), traces: own("traces") };
}

type Sized = Pick<Partition, "table" | "name" | "startMs" | "bytes">;
const sum = (partitions: readonly Sized[]): number => partitions.reduce((total, { bytes }) => total + bytes, 0);
const isOf =
  (kind: StoredKind["kind"]) =>
  ({ table }: Sized): boolean =>
    KINDS[table] === kind;

/**
 * Bytes that are each kind's own when all together are at their limit. A limit of its own is a signal's share, as long as
 * that leaves the others half of theirs.
 */
function sharesOf(limits: SpaceLimits, all: number): Record<StoredKind["kind"], number> {
  const own = (kind: StoredKind["kind"]) => (kind === "rollups" ? null : limits[kind]);
  const total = (kinds: readonly StoredKind["kind"][], of: (kind: StoredKind["kind"]) => number) =>
    kinds.reduce((bytes, kind) => bytes + of(kind), 0);
  const others = STORED.filter((kind) => own(kind) === null);
  const parts = total(others, (kind) => PARTS[kind]);
  const said = total(STORED, (kind) => own(kind) ?? 0);
  const given = Math.min(said, all * (1 - parts / 2));
  const shareOf = (kind: StoredKind["kind"]): number => {
    const limit = own(kind);
    return limit === null ? ((all - given) * PARTS[kind]) / parts : (limit * given) / said;
  };
  return Object.fromEntries(STORED.map((kind) => [kind, shareOf(kind)])) as Record<StoredKind["kind"], number>;
}

/** A signal that is refused: what of it exceeds which bytes. */
export interface Excess {
  signal: Signal;
  kind: StoredKind["kind"];
  bytes: number;
  limit: number;
  /** the limit of all: it has more than its share of that */
  of: number | null;
}

/**
 * What has to go so that the rest is within its limits. Of a signal with a limit its oldest days; beyond the limit of all
 * only of those kinds that have more than their share, the furthest beyond first: one cannot take another's. Weeks of
 * rollups go when no signal has days to give. What is being written to stays; `over` is refused. Pure.
 */
export function partitionsToDrop<P extends Sized>(
  partitions: readonly P[],
  limits: SpaceLimits,
  nowMs: number,
): { drop: P[]; over: Excess[] } {
  const kept = new Set(partitions);
  const over = new Map<Signal, Excess>();
  const bytesOf = (kind: StoredKind["kind"]) => sum([...kept].filter(isOf(kind)));
  const oldest = (kind: StoredKind["kind"]): P | undefined =>
    [...kept]
      .filter((one) => isOf(kind)(one) && endOf(one.table, one.startMs) <= nowMs)
      .sort((a, b) => a.startMs - b.startMs || b.bytes - a.bytes)[0];

  for (const signal of SIGNALS) {
    const limit = limits[signal];
    if (limit === null) continue;
    for (let last = oldest(signal); last && bytesOf(signal) > limit; last = oldest(signal)) kept.delete(last);
    const bytes = bytesOf(signal);
    if (bytes > limit) over.set(signal, { signal, kind: signal, bytes, limit, of: null });
  }

  const { all } = limits;
  if (all === null) return dropped();
  const shares = sharesOf(limits, all);
  const excess = (kind: StoredKind["kind"]) => bytesOf(kind) / Math.max(1, shares[kind]);
  const beyond = (kinds: readonly StoredKind["kind"][]) =>
    kinds.filter((kind) => bytesOf(kind) > shares[kind]).sort((a, b) => excess(b) - excess(a));
  while (sum([...kept]) > all) {
    const last = [...beyond(SIGNALS), ...beyond(["rollups"])].flatMap((kind) => oldest(kind) ?? [])[0];
    if (!last) break;
    kept.delete(last);
  }
  if (sum([...kept]) > all)
    for (const kind of beyond(STORED)) {
      const signal = kind === "rollups" ? mostCounted([...kept]) : kind;
      if (!over.has(signal)) over.set(signal, { signal, kind, bytes: bytesOf(kind), limit: shares[kind], of: all });
    }
  return dropped();

  function dropped() {
    return { drop: partitions.filter((partition) => !kept.has(partition)), over: [...over.values()] };
  }
}

/** The signal whose counts take the most. */
function mostCounted(kept: readonly Sized[]): Signal {
  const bytesOf = (signal: Signal) => sum(kept.filter(({ table }) => COUNTED_OF[table] === signal));
  return SIGNALS.reduce((most, one) => (bytesOf(one) > bytesOf(most) ? one : most));
}

interface SizeRetentionParts {
  database: Pick<Database, "read">;
  partitions: Pick<Partitions, "drop">;
  retention: Retention;
  now: () => Date;
  /** asks the operating system; absent where the database is not on a disk of ours */
  readDisk?: (() => Promise<Disk>) | undefined;
}

export interface SizeRetention {
  /** Looks how much of the disk is free; cheap. */
  readDisk(): Promise<void>;
  /** Drops what exceeds the limits. @returns the names of the partitions dropped */
  enforce(): Promise<string[]>;
  /** @throws UPSTREAM_UNAVAILABLE, which tells senders to come again, while there is no room */
  assertRoom(signal: Signal): void;
  /** For people. */
  state(): Promise<StorageSpace>;
}

export function createSizeRetention({
  database,
  partitions,
  retention,
  now,
  readDisk,
}: SizeRetentionParts): SizeRetention {
  let disk: Disk | null = null;
  let refusals: Partial<Record<Signal, string>> = {};
  const look = async () => {
    disk = readDisk ? await readDisk() : null;
  };
  const measure = async () => {
    await look();
    const all = await listPartitions(database);
    const stored = sum(all);
    return { all, stored, limits: limitsOf(retention, stored, disk) };
  };
  return {
    readDisk: look,
    async enforce() {
      const { all, limits } = await measure();
      const { drop, over } = partitionsToDrop(all, limits, now().getTime());
      await partitions.drop(drop);
      refusals = Object.fromEntries(over.map((one) => [one.signal, overSentence(one)]));
      return drop.map(({ name }) => name);
    },
    assertRoom(signal) {
      const full = disk !== null && diskLevel(disk) === "full" ? diskSentence(disk) : null;
      const refusal = full ?? refusals[signal];
      if (refusal) throw new AppError("UPSTREAM_UNAVAILABLE", refusal);
    },
    async state() {
      const { stored, limits } = await measure();
      return {
        disk,
        level: disk && diskLevel(disk),
        message: disk && diskSentence(disk),
        bytes: stored,
        maxBytes: limits,
      };
    },
  };
}

function overSentence({ signal, kind, bytes, limit, of }: Excess): string {
  const what = kind === "rollups" ? `Counts per minute and hour, most of them of ${signal},` : `Stored ${signal}`;
  const own = `monitoringConfig.retention.${KEY[signal]}`;
  const than =
    of === null
      ? `the ${bytesInWords(limit)} of ${own}`
      : `the ${bytesInWords(limit)} that are their share of the ${bytesInWords(of)} of monitoringConfig.retention.maxBytes`;
  const older = kind === "rollups" ? "older weeks" : "older days";
  return `${what} take ${bytesInWords(bytes)}, more than ${than}, and all ${older} are gone already. Send less, or raise the limit.`;
}
