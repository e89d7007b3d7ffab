import type { Attributes, SpanEvent, SpanLink } from "../../agent/ports/telemetry.ts";

/** A Span of opentelemetry/proto/trace/v1/trace.proto, whichever way it was written. */
export interface WireSpan {
  /** null: absent, of the wrong length or all zero */
  traceId: string | null;
  spanId: string | null;
  parentSpanId: string | null;
  name: string;
  kind: number;
  /** 0: not said */
  startMs: number;
  endMs: number;
  attributes: Attributes;
  events: SpanEvent[];
  droppedEvents: number;
  links: SpanLink[];
  /** beyond the limit, or to no span */
  droppedLinks: number;
  statusCode: number;
  statusMessage: string;
}

/** as many of each as OpenTelemetry's SDKs keep, when nothing else is configured */
export const MOST_EVENTS = 128;
export const MOST_LINKS = 128;
export const MOST_STATUS_MESSAGE = 4096;
