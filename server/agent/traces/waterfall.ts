import type { SpanRecord } from "../ports/telemetry.ts";
import { criticalPath, selfMs } from "./critical-path.ts";
import { spanTree, type TreeSpan } from "./span-tree.ts";

/** One span as a waterfall draws it. */
export interface WaterfallSpan extends TreeSpan {
  selfMs: number;
  /** the part of it that came after the trace was answered */
  afterMs: number;
  /** ms of the critical path that are this span's own; null: not on it */
  criticalMs: number | null;
}

export interface Waterfall {
  /** ms since 1970 */
  startMs: number;
  /** of the root */
  durationMs: number;
  /** from the trace's start: when the root ended */
  answeredMs: number;
  /** until the last span ended */
  extentMs: number;
  root: WaterfallSpan | null;
  errorCount: number;
  /** each before its children, by start */
  spans: WaterfallSpan[];
}

/** The spans of one trace in the order of a waterfall, with self times and the critical path. */
export function waterfall(records: readonly SpanRecord[]): Waterfall {
  const tree = spanTree(records);
  const path = criticalPath(tree);
  const spans = tree.spans.map((node) => {
    const own = selfMs(node);
    return { ...node, selfMs: own, afterMs: own - selfMs(node, tree.answeredMs), criticalMs: path.get(node) ?? null };
  });
  const root = spans.find(({ span }) => span === tree.root?.span) ?? null;
  const errorCount = spans.filter(({ span }) => span.status === "error").length;
  const { startMs, durationMs, answeredMs, extentMs } = tree;
  return { startMs, durationMs, answeredMs, extentMs, root, errorCount, spans };
}

/**
 * The spans that stay when at most `limit` are shown: the first root, where errors began (at most a quarter), the
 * critical path, other errors, then the longest; each with all of its ancestors or not at all, so that what stays is
 * a tree. In the order of the waterfall.
 */
export function cutSpans(spans: readonly WaterfallSpan[], limit: number): WaterfallSpan[] {
  if (spans.length <= limit) return [...spans];
  const byId = new Map(spans.map((span) => [span.span.spanId, span]));
  const kept = new Set<WaterfallSpan>();
  for (const candidate of byImportance(spans, limit)) {
    if (kept.size >= limit) break;
    const missing: WaterfallSpan[] = [];
    let next: WaterfallSpan | undefined = candidate;
    while (next && !kept.has(next) && kept.size + missing.length <= limit) {
      missing.push(next);
      next = next.parent ? byId.get(next.parent.span.spanId) : undefined;
    }
    if (kept.size + missing.length <= limit) for (const span of missing) kept.add(span);
  }
  return spans.filter((span) => kept.has(span));
}

const failed = ({ span }: TreeSpan): boolean => span.status === "error";

/** Failed spans below which nothing failed: where errors began, earliest first. */
export function errorOrigins(spans: readonly WaterfallSpan[]): WaterfallSpan[] {
  const failsBelow = new Set<string>();
  // from the last to the first, so that each span comes before its parent
  for (const node of spans.toReversed())
    if (node.parent && (failed(node) || failsBelow.has(node.span.spanId))) failsBelow.add(node.parent.span.spanId);
  const origins = spans.filter((node) => failed(node) && !failsBelow.has(node.span.spanId));
  return origins.sort((a, b) => a.startMs - b.startMs);
}

function byImportance(spans: readonly WaterfallSpan[], limit: number): Iterable<WaterfallSpan> {
  const length = (node: WaterfallSpan) => node.endMs - node.startMs;
  return [
    ...spans.slice(0, 1),
    ...errorOrigins(spans).slice(0, Math.ceil(limit / 4)),
    ...spans.filter((node) => node.criticalMs !== null).sort((a, b) => (b.criticalMs ?? 0) - (a.criticalMs ?? 0)),
    ...spans.filter(failed),
    ...spans.toSorted((a, b) => length(b) - length(a)),
  ];
}
