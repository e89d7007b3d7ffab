import { bytesInWords, type Disk, diskLevel, diskSentence } from "../../agent/kernel/disk.ts";
import { AppError } from "../../agent/kernel/errors.ts";
import type { Signal, StorageSpace, StoredKind } from "../../agent/ports/ingest-store.ts";
import type { Database } from "./database.ts";
import {
  endOf,
  listPartitions,
  type Partition,
  type PartitionedName,
  type Partitions,
  type Retention,
} from "./partitions.ts";

/** Keeps telemetry to its share of the disk: the oldest goes first, and what does not fit then is refused. */

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

/**
 * What has to go so that the rest is within its limits: of a signal its oldest days, of all together the oldest days of
 * any signal, then the oldest weeks of rollups. What is being written to stays; `over` names what exceeds its limit
 * all the same. Pure.
 */
export function partitionsToDrop<P extends Sized>(
  partitions: readonly P[],
  limits: SpaceLimits,
  nowMs: number,
): { drop: P[]; over: (Signal | "all")[] } {
  const kept = new Set(partitions);
  const over: (Signal | "all")[] = [];
  const shrink = (name: Signal | "all", counted: (partition: P) => boolean, order: readonly P[]) => {
    const limit = limits[name];
    if (limit === null) return;
    let bytes = sum([...kept].filter(counted));
    for (const partition of order) {
      if (bytes <= limit) return;
      if (!kept.delete(partition)) continue;
      bytes -= partition.bytes;
    }
    if (bytes > limit) over.push(name);
  };
  const closed = partitions
    .filter(({ table, startMs }) => endOf(table, startMs) <= nowMs)
    .toSorted((a, b) => a.startMs - b.startMs || b.bytes - a.bytes);
  const of = (kind: StoredKind["kind"]) => closed.filter(({ table }) => KINDS[table] === kind);
  for (const signal of SIGNALS) shrink(signal, ({ table }) => KINDS[table] === signal, of(signal));
  const raw = closed.filter(({ table }) => KINDS[table] !== "rollups");
  shrink("all", () => true, [...raw, ...of("rollups")]);
  return { drop: partitions.filter((partition) => !kept.has(partition)), over };
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
  let refusals: Partial<Record<Signal | "all", string>> = {};
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
      const left = all.filter((partition) => !drop.includes(partition));
      refusals = Object.fromEntries(over.map((name) => [name, overSentence(name, left, limits)]));
      return drop.map(({ name }) => name);
    },
    assertRoom(signal) {
      const full = disk !== null && diskLevel(disk) === "full" ? diskSentence(disk) : null;
      const refusal = full ?? refusals[signal] ?? refusals.all;
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

function overSentence(name: Signal | "all", left: readonly Sized[], limits: SpaceLimits): string {
  const counted = name === "all" ? left : left.filter(({ table }) => KINDS[table] === name);
  const key = `monitoringConfig.retention.${name === "all" ? "maxBytes" : KEY[name]}`;
  const what = name === "all" ? "Telemetry takes" : `Stored ${name} take`;
  return `${what} ${bytesInWords(sum(counted))}, more than the ${bytesInWords(limits[name] ?? 0)} of ${key}, and all older days are gone already. Send less, or raise the limit.`;
}
