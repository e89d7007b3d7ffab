import type { LogSource } from "./log-source.ts";
import type { MetricsSource } from "./metrics-source.ts";
import type { LogRecord, MetricMeaning, Rejection, SeriesSamples, SpanRecord } from "./telemetry.ts";
import type { TraceSource } from "./trace-source.ts";

/** A line with the pattern it was mined into. */
export type MinedLog = LogRecord & { patternId: number | null };

/** Who sent a batch: what the ingest page counts by. */
export interface Sender {
  /** otlp, loki, remote-write, scrape, instance */
  protocol: string;
  /** the token's, the scrape target's or the instance's name */
  name: string;
  /**
   * who that is among all that may have the name, as long as they send: whoever owns the token and its name, so that a
   * token that takes another's place goes on; the service and the environment of instances. Absent: names are unique
   */
  writer?: string;
  /** a process of Operate itself, which alone writes as the service `operate` */
  own?: boolean;
  /** absent: it may say of every record whose it is */
  boundTo?: SenderBinding;
}

/** For whom a sender may write; what it claims beyond is kept as a claim. */
export interface SenderBinding {
  /** not empty; the first stands in the place of one that is not among them */
  services: readonly string[];
  environment?: string;
  instance?: string;
}

export interface Written {
  accepted: number;
  rejected: Rejection[];
}

/** A pattern as the miner keeps it. */
export interface StoredPattern {
  id: number;
  template: string;
}

/**
 * The built-in home of telemetry. Writes resolve after the commit, never before: what was acknowledged is kept.
 * They throw UPSTREAM_UNAVAILABLE when the database cannot take them now.
 */
export interface TelemetryStore {
  readonly logs: LogSource;
  readonly metrics: MetricsSource;
  readonly traces: TraceSource;
  /** Lines outside of the kept days are rejected; so are those more than an hour in the future. */
  writeLogs(records: readonly MinedLog[], sender: Sender): Promise<Written>;
  /** New series beyond the limits are rejected, named by metric and service; duplicates are counted as rejected. */
  writeSamples(series: readonly SeriesSamples[], sender: Sender): Promise<Written>;
  /**
   * Keeps what is said of series that are known; of others it is forgotten, senders say it again. The kind holds for the
   * sender's own series only, and only where it was not told with the samples.
   */
  noteMeanings(meanings: readonly MetricMeaning[], sender: Sender): Promise<void>;
  writeSpans(spans: readonly SpanRecord[], sender: Sender): Promise<Written>;
  /** Notes what was refused before it could be written, for the ingest page. */
  noteRefusal(signal: "logs" | "metrics" | "traces", sender: Sender, rejected: readonly Rejection[]): Promise<void>;
  /** The newest patterns, for a miner that starts. */
  loadPatterns(limit: number): Promise<StoredPattern[]>;
  /** The id of a template, made when it is new. Two processes that ask at once get the same. */
  patternIds(templates: readonly string[]): Promise<Map<string, number>>;
  /** `from` now reads as `template`; when that exists already, counts and lines of `from` are shown under it. */
  generalisePattern(from: number, template: string): Promise<number>;
  close(): Promise<void>;
}
