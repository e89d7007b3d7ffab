import {
  type Attributes,
  context,
  isSpanContextValid,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { dataWithoutConfidential } from "../kernel/confidential/confidential.ts";
import { AppError } from "../kernel/errors.ts";
import { measureWaiting } from "../kernel/waiting.ts";

/**
 * Spans of Operate's own work. Only OpenTelemetry's API stands here: without an SDK, which server/telemetry/tracing.ts
 * brings when there is somewhere to send to, all of this does nothing.
 */

/** the one tracer that records; what libraries trace on their own is left out */
export const TRACER = "operate";
/** attribute: the share of such traces that is recorded, by which counts can be scaled */
export const SHARE = "operate.recorded_share";
/** attribute: how many milliseconds of the span's duration its request waited on purpose; they are no latency */
export const WAITED = "operate.waited_ms";

export interface SpanOptions {
  /** server: asked from outside · client: asks another */
  kind?: "server" | "client" | "internal";
  attributes?: Attributes;
  /** 0…1: how many of the traces that begin with this span are recorded; default 1 */
  share?: number;
  /** true: what happens inside is not part of the trace */
  closed?: boolean;
}

/** Runs `work` as a span. What it throws makes the span failed, unless it is a refusal the asker can put right. */
export function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  return measureWaiting((waitedMs) => spanOf(name, options, work, waitedMs));
}

async function spanOf<T>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
  waitedMs: () => number,
): Promise<T> {
  const { kind = "internal", attributes, share = 1, closed = false } = options;
  const span = trace.getTracer(TRACER).startSpan(name, {
    kind: KIND[kind],
    // spans are stored, and sent to wherever OpenTelemetry's variables say
    attributes: { ...dataWithoutConfidential(attributes, "message"), ...(share < 1 && { [SHARE]: share }) },
  });
  try {
    return await (closed ? work(span) : context.with(trace.setSpan(context.active(), span), () => work(span)));
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    const queries = queriesOf.get(span);
    if (queries) span.setAttributes({ "operate.db.queries": queries.count, "operate.db.ms": queries.ms });
    if (waitedMs() > 0) span.setAttribute(WAITED, waitedMs());
    span.end();
  }
}

const KIND = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };
const FAULTS = new Set<string>(["INTERNAL", "TIMEOUT", "UPSTREAM_UNAVAILABLE", "UPSTREAM_REJECTED"]);

/** Notes what went wrong; faults of ours and of others make the span failed, refusals do not. */
export function failSpan(span: Span, error: unknown): void {
  const code = error instanceof AppError ? error.code : "INTERNAL";
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  span.setAttribute("error.type", error instanceof AppError ? code : name);
  if (!FAULTS.has(code)) return;
  const shown = dataWithoutConfidential({ name, message, ...(stack && { stack }) }, "message");
  span.setStatus({ code: SpanStatusCode.ERROR, message: shown.message });
  if (code === "INTERNAL") span.recordException(shown);
}

/** The span that is being recorded now, if there is one. */
function recording(): Span | undefined {
  const span = trace.getActiveSpan();
  return span?.isRecording() ? span : undefined;
}

/** True inside of a span that is recorded. */
export const isRecorded = (): boolean => recording() !== undefined;

const queriesOf = new WeakMap<Span, { count: number; ms: number }>();

/** Adds a query to the sums of the present span; a span for each would cost more than many a query. */
export function countQuery(ms: number): void {
  const span = recording();
  if (!span) return;
  const sum = queriesOf.get(span) ?? { count: 0, ms: 0 };
  queriesOf.set(span, { count: sum.count + 1, ms: sum.ms + ms });
}

/** The present span's ids, as log lines carry them; nothing outside of one. */
export function traceIds(): { trace_id?: string; span_id?: string } {
  const span = recording()?.spanContext();
  return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
}

/** `traceparent` (W3C Trace Context) for a request made in the name of this span. */
export function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * Runs `work` as a part of the trace that a `traceparent` header names (W3C Trace Context), so that an agent's own trace
 * goes on in Operate. One that is not recorded at its sender, or cannot be read, is passed over: who asks may not keep
 * what is done here out of the traces. Only for callers that are known.
 */
export function continueTrace<T>(traceparent: string | null, work: () => T): T {
  const [, traceId = "", spanId = "", flags = ""] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  const sender = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  if (!isSpanContextValid(sender) || sender.traceFlags === TraceFlags.NONE) return work();
  return context.with(trace.setSpanContext(context.active(), sender), work);
}
