import type { SpanRecord } from "../ports/telemetry.ts";

type Placed = Pick<SpanRecord, "spanId" | "parentSpanId" | "startMs" | "durationMs">;

/**
 * The span a trace is named after, and how long the trace took, ms. The root is the span without a parent, else one whose
 * parent has not arrived; the earliest, then the longest of several. A trace takes as long as its root: what goes
 * on after the answer is no part of it. Only where the root is missing and several of its children are there, nothing better
 * is known than from the first beginning to the last end. Null without spans.
 */
export function rootSpan<S extends Placed>(spans: readonly S[]): { root: S; durationMs: number } | null {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const isTop = ({ parentSpanId }: S) => parentSpanId === null || !ids.has(parentSpanId);
  const rank = (span: S) => (span.parentSpanId === null ? 0 : isTop(span) ? 1 : 2);
  const root = [...spans].sort((a, b) => rank(a) - rank(b) || a.startMs - b.startMs || b.durationMs - a.durationMs)[0];
  if (!root) return null;
  const tops = new Set(spans.filter(isTop).map(({ spanId }) => spanId));
  if (root.parentSpanId === null || tops.size <= 1) return { root, durationMs: micro(Math.max(0, root.durationMs)) };
  const first = spans.reduce((least, { startMs }) => Math.min(least, startMs), root.startMs);
  const last = spans.reduce((most, span) => Math.max(most, span.startMs + span.durationMs), first);
  return { root, durationMs: micro(last - first) };
}

/** times are kept to the microsecond */
const micro = (ms: number): number => Math.round(ms * 1_000) / 1_000;
