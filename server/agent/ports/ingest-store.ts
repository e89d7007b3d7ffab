import type { Disk, DiskLevel } from "../kernel/storage/disk.ts";
import type { Rejection } from "./telemetry.ts";
import type { MinedLog, Sender, TelemetryStore, Written } from "./telemetry-store.ts";

export type Signal = "logs" | "metrics" | "traces";

/** How far a stream of lines was read, as the platform's own cursor. */
export interface StreamPosition {
  stream: string;
  /** where it stood when the lines were read; null: it was never read */
  from: string | null;
  to: string;
}

/** How the last scrape of a target went. */
export interface ScrapeNote {
  target: string;
  at: Date;
  ok: boolean;
  durationMs: number;
  samples: number;
  /** null when it went well */
  error: string | null;
}

/** What the collector needs besides: lines that are read, not sent, and what it found when it scraped. */
export interface IngestStore extends TelemetryStore {
  /**
   * Lines read from streams, and how far, in one transaction.
   * @throws CONFLICT, and nothing is written, when a stream does not stand at `from`: somebody else reads it too
   */
  writeReadLogs(records: readonly MinedLog[], sender: Sender, positions: readonly StreamPosition[]): Promise<Written>;
  /** Where each stream stands that was read in the last days, by its name. */
  streamPositions(): Promise<Map<string, string>>;
  noteScrape(note: ScrapeNote): Promise<void>;
}

/** What arrived in one step of time from one sender for one service. */
export interface Arrived {
  /** start of the step, ms since 1970 */
  stepMs: number;
  /** start of its last minute in which something arrived */
  lastMs: number;
  /** when the first of it arrived, and how many records came at once then: they had gathered before */
  firstMs: number;
  firstAccepted: number;
  signal: Signal;
  protocol: string;
  sender: string;
  service: string;
  accepted: number;
  rejected: number;
  bytes: number;
}

export interface RefusalRow extends Rejection {
  signal: Signal;
  protocol: string;
  sender: string;
  firstAt: Date;
  lastAt: Date;
}

/** What is kept of one kind, on disk. */
export interface StoredKind {
  kind: Signal | "rollups";
  bytes: number;
  /** YYYY-MM-DD; null when there is none */
  oldestDay: string | null;
}

/** The room there is for telemetry. */
export interface StorageSpace {
  /** null where the database is not on a disk of this machine that Operate knows */
  disk: Disk | null;
  level: DiskLevel | null;
  /** what is wrong with the disk; null when nothing is */
  message: string | null;
  /** of all telemetry, on disk */
  bytes: number;
  /** at most; null: no limit */
  maxBytes: Record<Signal | "all", number | null>;
}

/** What the ingest page shows. */
export interface IngestFigures {
  /** Steps count from `from`, which lies on a minute; a step is a whole number of minutes. */
  arrived(from: Date, to: Date, stepSeconds: number): Promise<Arrived[]>;
  /** newest first */
  refusals(since: Date, limit: number): Promise<RefusalRow[]>;
  scrapes(): Promise<ScrapeNote[]>;
  used(): Promise<{ series: number; patterns: number }>;
  stored(): Promise<StoredKind[]>;
  space(): Promise<StorageSpace>;
  /** Whether anything that is stored is of a service or an environment of that name. */
  hasName(kind: "service" | "environment", name: string): Promise<boolean>;
  /** The names of those of which something arrived in the last hours, at most 200. */
  names(kind: "service" | "environment"): Promise<string[]>;
}
