import type { Decoded, SpanRecord } from "../../agent/ports/telemetry.ts";
import { SPAN_KINDS, SPAN_STATUSES } from "../../agent/ports/telemetry.ts";
import { Batch } from "../http/body/batch.ts";
import { type OtlpEncoding, readRecords, type Signal } from "./envelope.ts";
import type { Source } from "./source.ts";
import { spanFromJson } from "./span-json.ts";
import { spanFromProtobuf } from "./span-protobuf.ts";
import type { WireSpan } from "./wire-span.ts";

export interface DecodeTracesOptions {
  encoding: OtlpEncoding;
  /** spans beyond are rejected; 100,000 when not given */
  maxRecords?: number;
}

/**
 * Reads an ExportTraceServiceRequest of OTLP 1. A span that ends before it starts is kept with a duration of 0; the
 * attribute `operate.end_before_start_ms` says by how much.
 * @param body uncompressed
 * @throws INVALID, with the offset or the path, when the body as a whole cannot be read
 */
export function decodeTraces(body: Uint8Array, options: DecodeTracesOptions): Decoded<SpanRecord> {
  const batch = new Batch<SpanRecord>(options.maxRecords);
  const signal: Signal = {
    fields: {
      resources: ["resourceSpans", "resource_spans"],
      scopes: ["scopeSpans", "scope_spans"],
      records: ["spans", "spans"],
    },
    brokenRecord: "a span cannot be read",
    fromProtobuf: (reader, source) => {
      if (batch.full()) batch.overflow();
      else keepSpan(spanFromProtobuf(reader, source), source, batch);
    },
    fromJson: (record, source) => {
      if (batch.full()) batch.overflow();
      else keepSpan(spanFromJson(record, source), source, batch);
    },
  };
  readRecords(body, options.encoding, signal, batch);
  return batch.decoded();
}

/** SpanKind and StatusCode by number. */
const kindOf = (kind: number) => SPAN_KINDS[kind - 1] ?? "internal";
const statusOf = (code: number) => SPAN_STATUSES[code] ?? "unset";

function keepSpan(span: WireSpan, { origin }: Source, batch: Batch<SpanRecord>): void {
  const { traceId, spanId, attributes } = span;
  if (traceId === null || spanId === null) {
    batch.reject("a span needs a trace id of 16 bytes and a span id of 8, not all zero", () => span.name);
    return;
  }
  if (span.startMs === 0) {
    batch.reject("a span needs its start time", () => span.name);
    return;
  }
  // an end that is not said: the span is over, but nobody knows since when
  const durationMs = span.endMs === 0 ? 0 : microseconds(span.endMs - span.startMs);
  if (durationMs < 0) attributes["operate.end_before_start_ms"] = -durationMs;
  if (span.droppedEvents > 0) attributes["operate.dropped_events"] = span.droppedEvents;
  if (span.droppedLinks > 0) attributes["operate.dropped_links"] = span.droppedLinks;
  batch.keep({
    service: origin.service,
    environment: origin.environment,
    version: origin.version,
    instance: origin.instance,
    traceId,
    spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    kind: kindOf(span.kind),
    status: statusOf(span.statusCode),
    statusMessage: span.statusMessage,
    startMs: span.startMs,
    durationMs: Math.max(0, durationMs),
    attributes,
    events: span.events,
    links: span.links,
  });
}

/** The difference of two times since 1970 is off in the digits that a double lacks. */
const microseconds = (ms: number): number => Math.round(ms * 1000) / 1000;
