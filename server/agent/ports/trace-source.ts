import type { Answer, SourceInfo, TimeWindow } from "./source.ts";
import type { SpanRecord } from "./telemetry.ts";

export interface TraceFilter {
  service?: string | undefined;
  environment?: string | undefined;
  /** name of a span of that service */
  operation?: string | undefined;
  minDurationMs?: number | undefined;
  maxDurationMs?: number | undefined;
  onlyErrors?: boolean | undefined;
  version?: string | undefined;
}

export interface TraceSummaryRecord {
  traceId: string;
  /** of the span without parent, or the earliest that arrived */
  rootService: string;
  rootName: string;
  /** ISO 8601 */
  startAt: string;
  /** of its root, as `rootSpan` of the kernel says */
  durationMs: number;
  spans: number;
  errors: number;
  services: string[];
}

/** Calls of one service by another in the window. */
export interface CallEdge {
  from: string;
  to: string;
  calls: number;
  /** null where the source does not tell failed calls from others */
  errors: number | null;
  /** counts in the buckets of kernel/histogram.ts; null where the source knows no durations */
  latency: number[] | null;
  /** start of the first minute of the window in which there was a call, ms since 1970; absent: not known */
  sinceMs?: number;
}

/** What one service served in the window, from its server and consumer spans. */
export interface ServedCounts {
  service: string;
  calls: number;
  errors: number;
  latency: number[];
  /** when it first served in the window, ms since 1970, to the minute at worst; null where the source cannot say */
  sinceMs: number | null;
  /** start of the last one; absent where the source cannot say */
  lastMs?: number;
}

/** A span that has links to spans of a trace. */
export interface LinkingSpan {
  traceId: string;
  spanId: string;
  service: string;
  name: string;
  /** ISO 8601 */
  startAt: string;
  /** the spans of that trace it links to */
  toSpanIds: string[];
}

/** Traces. Throws as LogSource does. */
export interface TraceSource {
  readonly info: SourceInfo;
  /** Newest first. `durationMs` and `errors` are of the whole trace as far as it arrived. */
  list(
    query: { window: TimeWindow; filter: TraceFilter; limit: number; cursor?: string | undefined },
    signal?: AbortSignal,
  ): Promise<Answer<{ items: TraceSummaryRecord[]; nextCursor: string | null }>>;
  /** All spans that arrived, earliest first; null when there are none. */
  get(traceId: string, signal?: AbortSignal): Promise<Answer<SpanRecord[] | null>>;
  /** Spans with a link to one of this trace, newest first; null where the source cannot look for them. */
  readonly linksTo:
    | ((query: { traceId: string; limit: number }, signal?: AbortSignal) => Promise<Answer<LinkingSpan[]>>)
    | null;
  services(window: TimeWindow): Promise<Answer<string[]>>;
  operations(query: { service: string; window: TimeWindow }): Promise<Answer<string[]>>;
  /** Who calls whom; null where the source cannot say. */
  readonly edges:
    | ((query: { window: TimeWindow; environment?: string | undefined }) => Promise<Answer<CallEdge[]>>)
    | null;
  /** Of the whole minutes that a window touches, or `exact`ly of what began in it; null where the source cannot say. */
  readonly served:
    | ((query: {
        window: TimeWindow;
        environment?: string | undefined;
        exact?: boolean | undefined;
      }) => Promise<Answer<ServedCounts[]>>)
    | null;
}
