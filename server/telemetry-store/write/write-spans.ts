import { SPAN_KINDS, SPAN_STATUSES, type SpanRecord } from "../../agent/ports/telemetry.ts";
import type { Sender, Written } from "../../agent/ports/telemetry-store.ts";
import { closedUntil, noteLate } from "../rollup/rollup-progress.ts";
import { isEmpty, storableJson } from "./attributes.ts";
import type { CopyRows } from "./copy-rows.ts";
import { DEEP, isDeep, isSpanId, isTraceId, keptTime, originRefusal, withCleanOrigin } from "./record-checks.ts";
import { createRecordWriter, type Entry, type Prepared, type RecordTarget, type StoreParts } from "./record-writer.ts";
import { createRejections } from "./rejections.ts";

const MINUTE_MS = 60_000;
/** a call has begun at most so long before the span that serves it, or counts for another minute */
const CALL_MS = 5_000;

interface SpanEntry extends Entry {
  span: SpanRecord;
}

export interface SpanWriter {
  write(spans: readonly SpanRecord[], sender: Sender): Promise<Written>;
}

export function createSpanWriter(parts: StoreParts): SpanWriter {
  const writer = createRecordWriter(parts, SPANS);
  return { write: (spans, sender) => writer.write(prepare(parts, spans), sender) };
}

function prepare({ now, retention }: StoreParts, spans: readonly SpanRecord[]): Prepared<SpanEntry> {
  const time = keptTime(now(), retention.spansDays, "spans");
  const entries: SpanEntry[] = [];
  const rejections = createRejections();
  for (const record of spans) {
    const span = withCleanOrigin(record);
    const example = () => `${span.service} ${span.name} ${span.traceId}`;
    const reason = time.refusal(span.startMs) ?? originRefusal(span) ?? spanRefusal(span);
    if (reason === null) entries.push({ span, service: span.service, records: 1, example });
    else rejections.add(reason, example, span.service);
  }
  return { entries, rejections };
}

function spanRefusal(span: SpanRecord): string | null {
  if (!isTraceId(span.traceId)) return "the trace id is not 32 hex digits in lower case";
  if (!isSpanId(span.spanId)) return "the span id is not 16 hex digits in lower case";
  if (!(span.durationMs >= 0) || span.durationMs > 1e12) return "the duration is negative or not a number";
  if (span.events.some((event) => !Number.isFinite(event.atMs))) return "the time of an event is not a number";
  if (span.links.some((link) => !isTraceId(link.traceId) || !isSpanId(link.spanId)))
    return "a link's trace id is not 32 hex digits or its span id not 16, in lower case";
  return [...span.events, ...span.links].some(({ attributes }) => isDeep(attributes)) ? DEEP : null;
}

const SPANS: RecordTarget<SpanEntry> = {
  signal: "traces",
  into: "span (start_at, duration_ms, trace_id, span_id, parent_span_id, kind, status, service, environment, version, instance, name, status_message, attributes, events, links)",
  tables: ["span", "span_minute", "call_minute"],
  maxRecords: 10_000,
  instantsMs: ({ span }) => [span.startMs],
  open: async (tx) => {
    const closedMs = await closedUntil(tx, "spans");
    return {
      append: (rows, { span }) => appendSpan(rows, span),
      finish: (stored) => noteLate(tx, "spans", lateMinutes(stored, closedMs)),
    };
  },
};

/** A late span also changes its caller's minute, which mostly is the same or the one before. */
function lateMinutes(stored: readonly SpanEntry[], closedMs: number): Set<number> {
  const minutes = new Set<number>();
  for (const { span } of stored) {
    const callerMs = span.parentSpanId === null ? span.startMs : span.startMs - CALL_MS;
    for (const atMs of [span.startMs, callerMs]) {
      const minute = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
      if (minute < closedMs) minutes.add(minute);
    }
  }
  return minutes;
}

function appendSpan(rows: CopyRows, span: SpanRecord): void {
  rows.row(16);
  rows.timestamp(span.startMs);
  rows.float64(span.durationMs);
  rows.hex(span.traceId, 32);
  rows.hex(span.spanId, 16);
  if (isSpanId(span.parentSpanId)) rows.hex(span.parentSpanId, 16);
  else rows.null();
  rows.int16(SPAN_KINDS.indexOf(span.kind));
  rows.int16(SPAN_STATUSES.indexOf(span.status));
  rows.text(span.service);
  rows.text(span.environment);
  rows.text(span.version);
  rows.text(span.instance);
  rows.text(span.name);
  rows.text(span.statusMessage);
  if (isEmpty(span.attributes)) rows.null();
  else rows.jsonb(storableJson(span.attributes));
  if (span.events.length === 0) rows.null();
  else rows.jsonb(storableJson(span.events));
  if (span.links.length === 0) rows.null();
  else rows.jsonb(storableJson(span.links));
}
