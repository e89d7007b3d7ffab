import type { Answer, SourceInfo, TimeWindow } from "./source.ts";
import type { Attributes, LogLevel } from "./telemetry.ts";

/** One condition of a query; all of them must hold. */
export type LogTerm =
  /** the text occurs in the body, whatever its case */
  | { kind: "text"; value: string; negated: boolean }
  /** an attribute (dotted path) or one of service, environment, version, instance, trace; `*` stands for any characters */
  | { kind: "field"; field: string; value: string; negated: boolean };

export interface LogFilter {
  service?: string | undefined;
  environment?: string | undefined;
  version?: string | undefined;
  instance?: string | undefined;
  /** least SeverityNumber */
  minSeverity?: number | undefined;
  patternId?: string | undefined;
  traceId?: string | undefined;
  terms: LogTerm[];
}

export interface LogLineRecord {
  /** opaque; names the line to `around` and orders lines of the same instant */
  id: string;
  /** ISO 8601 with microseconds */
  at: string;
  service: string;
  environment: string;
  version: string;
  instance: string;
  level: LogLevel | null;
  body: string;
  attributes: Attributes;
  traceId: string | null;
  spanId: string | null;
  /** null where lines are not mined as they arrive */
  patternId: string | null;
}

export interface LogPage {
  lines: LogLineRecord[];
  /** continues in the same direction; null at the end of the window */
  nextCursor: string | null;
}

/** How often one pattern was seen, by origin, level and time bucket. */
export interface PatternCount {
  patternId: string;
  template: string;
  /** given by a person */
  name: string | null;
  pinned: boolean;
  ignored: boolean;
  firstSeenAt: string;
  service: string;
  environment: string;
  version: string;
  level: LogLevel | null;
  /** start of the bucket, ms since 1970 */
  bucketMs: number;
  count: number;
}

/** Where lines come from, and how many. */
export interface LineOrigin {
  service: string;
  environment: string;
  lines: number;
}

/**
 * Lines of a time window. Methods throw INVALID for a filter the source cannot apply, UPSTREAM_UNAVAILABLE or TIMEOUT
 * when it does not answer and nothing is remembered.
 */
export interface LogSource {
  readonly info: SourceInfo;
  lines(
    query: {
      window: TimeWindow;
      filter: LogFilter;
      order: "newest-first" | "oldest-first";
      limit: number;
      cursor?: string | undefined;
    },
    signal?: AbortSignal,
  ): Promise<Answer<LogPage>>;
  /** Lines per bucket and level. */
  counts(
    query: { window: TimeWindow; filter: LogFilter; stepSeconds: number },
    signal?: AbortSignal,
  ): Promise<Answer<{ bucketMs: number; level: LogLevel | null; count: number }[]>>;
  /** Lines per service and environment, in no order; at most 1,000 of them. */
  origins(query: { window: TimeWindow }, signal?: AbortSignal): Promise<Answer<LineOrigin[]>>;
  /** The lines of the same instance around one, oldest first, that line included. @throws NOT_FOUND */
  around(query: { lineId: string; before: number; after: number }): Promise<Answer<LogLineRecord[]>>;
  /**
   * Counts of patterns from rollups, where lines are mined as they arrive; null where the caller has to stream `lines`
   * and mine them. Text terms are applied to the template, field terms on attributes cannot be applied (INVALID).
   */
  readonly patternCounts:
    | ((
        query: { window: TimeWindow; filter: LogFilter; stepSeconds: number },
        signal?: AbortSignal,
      ) => Promise<Answer<PatternCount[]>>)
    | null;
}
