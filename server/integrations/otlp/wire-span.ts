import type { Attributes, SpanEvent } from "../../agent/ports/telemetry.ts";

/** A Span of opentelemetry/proto/trace/v1/trace.proto, whichever way it was written; links are not kept. */
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
  statusCode: number;
  statusMessage: string;
}

export const MOST_EVENTS = 128;
export const MOST_STATUS_MESSAGE = 4096;
