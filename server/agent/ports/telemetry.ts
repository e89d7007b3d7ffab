/** What arrives from outside, after decoding and before storing: one shape for every wire format. */

/** Least severe first. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The level of an OpenTelemetry SeverityNumber (1–24, four to a level); null for 0, which says nothing. */
export const levelOfSeverity = (severity: number): LogLevel | null =>
  severity >= 1 ? (LOG_LEVELS[Math.min(5, Math.floor((severity - 1) / 4))] ?? null) : null;

/** The least SeverityNumber of a level: trace 1, debug 5, info 9, warn 13, error 17, fatal 21. */
export const severityOfLevel = (level: LogLevel): number => LOG_LEVELS.indexOf(level) * 4 + 1;

/** Where a record comes from; "" where the sender did not say. */
export interface Origin {
  service: string;
  environment: string;
  version: string;
  instance: string;
}

export type AttributeValue = string | number | boolean | null | AttributeValue[] | { [key: string]: AttributeValue };
export type Attributes = Record<string, AttributeValue>;

export interface LogRecord extends Origin {
  /** milliseconds since 1970, with microseconds after the point */
  atMs: number;
  /** SeverityNumber of OpenTelemetry; 0: not said */
  severity: number;
  body: string;
  attributes: Attributes;
  /** 32 hex digits in lower case */
  traceId: string | null;
  /** 16 hex digits in lower case */
  spanId: string | null;
}

/** A line of text as it was sent, before level, time and ids are looked for in it. */
export interface RawLine extends Origin {
  /** as LogRecord.atMs */
  atMs: number;
  text: string;
  /** SeverityNumber, where the sender said it beside the text; else 0 */
  severity: number;
  /** what was said beside the text and is not the origin */
  attributes: Attributes;
  traceId: string | null;
  spanId: string | null;
}

/**
 * gauge: any value · counter: a running total that only grows, except when it starts again · delta: what was added
 * since the sample before
 */
export const SERIES_KINDS = ["gauge", "counter", "delta"] as const;
export type SeriesKind = (typeof SERIES_KINDS)[number];

/** The label that tells counters of one name apart by when they began, ISO 8601, where nothing else tells their processes. */
export const STREAM_START = "stream_start";

/**
 * Samples of one series. Names and labels as Prometheus has them (a histogram is `x_bucket{le}`, `x_sum`, `x_count`);
 * the origin stands in the labels `service`, `environment`, `version` and `instance`, left out where it is not known.
 */
export interface SeriesSamples {
  name: string;
  labels: Record<string, string>;
  kind: SeriesKind;
  /** the sender did not say the kind with the samples: it is what the name suggests, and may be told later */
  kindGuessed?: true;
  /** of OTLP: the labels of a named instrumentation scope, told apart by them from another's series of the same labels */
  scope?: Readonly<Record<string, string>>;
  /** of deltas: processes that do not say which they are may write it together */
  shared?: true;
  /** UCUM or Prometheus' words; "" when not said */
  unit: string;
  /** what the sender says its metric means, whatever text that is; absent when not said */
  help?: string;
  timesMs: number[];
  values: number[];
  /**
   * Of a counter: when it began at zero, or its first sample's own time where that is not known. Of a delta: since when it
   * counts. In ms since 1970, with microseconds after the point.
   */
  startMs?: number;
}

export const SPAN_KINDS = ["internal", "server", "client", "producer", "consumer"] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];
export const SPAN_STATUSES = ["unset", "ok", "error"] as const;
export type SpanStatus = (typeof SPAN_STATUSES)[number];

export interface SpanEvent {
  atMs: number;
  name: string;
  attributes: Attributes;
}

/** From a span to one that it has to do with but is no child of, mostly in another trace. */
export interface SpanLink {
  /** as in SpanRecord */
  traceId: string;
  spanId: string;
  attributes: Attributes;
}

export interface SpanRecord extends Origin {
  traceId: string;
  spanId: string;
  parentSpanId: string | null;
  name: string;
  kind: SpanKind;
  status: SpanStatus;
  statusMessage: string;
  /** as LogRecord.atMs */
  startMs: number;
  durationMs: number;
  attributes: Attributes;
  events: SpanEvent[];
  links: SpanLink[];
}

/** Records that were left out, with the reason a sender can act on. */
export interface Rejection {
  reason: string;
  count: number;
  /** of what was left out, for the ingest page; at most 200 characters, never a secret header */
  example: string | null;
}

/** What a sender says that the series of one name mean, whatever text that is, and of what kind they are, where it does. */
export type MetricMeaning = Required<Pick<SeriesSamples, "name" | "help">> & Partial<Pick<SeriesSamples, "kind">>;

/** A body that could be read: the good records, and what was wrong with the others. */
export interface Decoded<T> {
  records: T[];
  rejected: Rejection[];
  /** of metrics whose samples come in other bodies */
  meanings?: MetricMeaning[];
}
