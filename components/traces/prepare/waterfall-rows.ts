import type { GetTraceOutput, SpanView } from "#server/agent/traces/schema.ts";
import { valueTicks } from "../../charts/prepare/ticks.ts";
import { formatMs, formatPercent } from "../../lib/format.ts";

/** A row of the waterfall that is not hidden by a closed one above it. */
export interface SpanRow {
  span: SpanView;
  /** ids of spans between it and the top */
  parent: string | null;
  hasChildren: boolean;
  open: boolean;
  /** spans below it, all of them */
  below: number;
  failedBelow: number;
}

/** In the waterfall's order, each before its children. `closed` holds the ids of spans whose children are hidden. */
export function spanRows(spans: readonly SpanView[], closed: ReadonlySet<string>, onlyCritical = false): SpanRow[] {
  const taken = onlyCritical ? spans.filter((span) => span.onCriticalPath) : spans;
  const known = new Set(taken.map(({ spanId }) => spanId));
  const parentOf = ({ parentSpanId }: SpanView) => (parentSpanId && known.has(parentSpanId) ? parentSpanId : null);
  const below = new Map<string, { all: number; failed: number }>();
  // from the last to the first, so that each span comes before its parent
  for (const span of taken.toReversed()) {
    const parent = parentOf(span);
    if (parent === null) continue;
    const own = below.get(span.spanId) ?? { all: 0, failed: 0 };
    const sum = below.get(parent) ?? { all: 0, failed: 0 };
    below.set(parent, {
      all: sum.all + own.all + 1,
      failed: sum.failed + own.failed + (span.status === "error" ? 1 : 0),
    });
  }
  const hidden = new Set<string>();
  const rows: SpanRow[] = [];
  for (const span of taken) {
    const parent = parentOf(span);
    if (parent !== null && (hidden.has(parent) || closed.has(parent))) {
      hidden.add(span.spanId);
      continue;
    }
    const counts = below.get(span.spanId) ?? { all: 0, failed: 0 };
    rows.push({
      ...{ span, parent, below: counts.all, failedBelow: counts.failed },
      hasChildren: counts.all > 0,
      open: counts.all > 0 && !closed.has(span.spanId),
    });
  }
  return rows;
}

/** Where a span stands on the trace's axis, as shares of its length; never too thin to be seen or clicked. */
export function barOf(span: Pick<SpanView, "startOffsetMs" | "durationMs">, traceMs: number) {
  const length = Math.max(traceMs, Number.EPSILON);
  const left = Math.min(1, Math.max(0, span.startOffsetMs / length));
  const width = Math.max(0.001, Math.min(1 - left, span.durationMs / length));
  return { left: Math.min(left, 0.999), width };
}

/** Round times on the axis of a trace, as shares of its length. */
export const traceTicks = (traceMs: number): { label: string; at: number }[] =>
  traceMs <= 0
    ? [{ label: formatMs(0), at: 0 }]
    : valueTicks(traceMs, 0)
        .filter((ms) => ms <= traceMs)
        .map((ms) => ({ label: ms === 0 ? "0" : formatMs(ms), at: ms / traceMs }));

/** Where a key begins while no row is chosen. */
const FIRST: Record<string, "top" | "bottom"> = {
  ...{ ArrowDown: "top", j: "top", Home: "top" },
  ...{ ArrowUp: "bottom", k: "bottom", End: "bottom" },
};

/** What a key of the tree does from a row: another row to go to, or a row to open or close. */
export function treeMove(
  rows: readonly SpanRow[],
  at: number,
  key: string,
): { to: number } | { toggle: string } | null {
  const row = rows[at];
  if (!row) return rows.length > 0 && key in FIRST ? { to: FIRST[key] === "top" ? 0 : rows.length - 1 } : null;
  switch (key) {
    case "ArrowDown":
    case "j":
      return { to: Math.min(rows.length - 1, at + 1) };
    case "ArrowUp":
    case "k":
      return { to: Math.max(0, at - 1) };
    case "Home":
      return { to: 0 };
    case "End":
      return { to: rows.length - 1 };
    case "ArrowRight":
      if (row.hasChildren && !row.open) return { toggle: row.span.spanId };
      return row.open ? { to: at + 1 } : null;
    case "ArrowLeft": {
      if (row.open) return { toggle: row.span.spanId };
      const parent = rows.findIndex(({ span }) => span.spanId === row.parent);
      return parent >= 0 ? { to: parent } : null;
    }
    default:
      return null;
  }
}

/** The next failed span after a row, from the top again after the last. */
export function nextFailed(rows: readonly SpanRow[], at: number): number | null {
  const order = [...rows.keys()].map((i) => (at + 1 + i) % rows.length);
  return order.find((i) => rows[i]?.span.status === "error") ?? null;
}

/** less is a clock that differs a little */
const LEAST_AFTER_SHARE = 0.01;

/** What a span did after the answer is no share of the trace. */
export function shareOf(
  span: Pick<SpanView, "startOffsetMs" | "durationMs">,
  trace: Pick<GetTraceOutput, "durationMs" | "answeredMs">,
): string {
  const endMs = span.startOffsetMs + span.durationMs;
  const afterMs = Math.max(0, endMs - Math.max(trace.answeredMs, span.startOffsetMs));
  if (afterMs > trace.durationMs * LEAST_AFTER_SHARE)
    return afterMs >= span.durationMs
      ? ", all of it after the answer"
      : `, ${formatMs(afterMs)} of it after the answer`;
  return trace.durationMs > 0
    ? `, ${formatPercent(Math.min(100, (span.durationMs / trace.durationMs) * 100))} of the trace's ${formatMs(trace.durationMs)}`
    : "";
}
