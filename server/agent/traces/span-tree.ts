import type { SpanRecord } from "../ports/telemetry.ts";
import { rootSpan } from "../telemetry/root-span.ts";

/** A span in its place: offsets in ms from the trace's start, never negative. */
export interface TreeSpan {
  span: SpanRecord;
  startMs: number;
  endMs: number;
  parent: TreeSpan | null;
  /** by start */
  children: TreeSpan[];
  depth: number;
}

export interface SpanTree {
  /** ms since 1970 */
  startMs: number;
  /** of the root, as `rootSpan` says */
  durationMs: number;
  /** when the trace was answered, from its start: the root's end, or the last end where the root is missing */
  answeredMs: number;
  /** until the last span ended, with what went on after the answer */
  extentMs: number;
  /** what the trace is named after; null without spans */
  root: TreeSpan | null;
  /** spans without a parent in the trace, by start */
  roots: TreeSpan[];
  /** each before its children, siblings by start: the order of a waterfall */
  spans: TreeSpan[];
}

const micro = (ms: number): number => Math.round(ms * 1_000) / 1_000;
const earlier = (a: TreeSpan, b: TreeSpan): number =>
  a.startMs - b.startMs || b.endMs - a.endMs || (a.span.spanId < b.span.spanId ? -1 : 1);

/**
 * Puts the spans of one trace into their tree. A span id that occurs again is an export that was retried: the first
 * record counts. A span whose parent has not arrived is a root; where parents form a circle, its earliest span is.
 * Times are shown as they were sent: a child on a host whose clock is ahead may begin before its parent, and the trace
 * begins with whatever begins first. No recursion, so a chain of any depth will do. No spans: no roots, 0 ms.
 */
export function spanTree(records: readonly SpanRecord[]): SpanTree {
  const byId = new Map<string, TreeSpan>();
  const startMs = records.reduce((least, { startMs }) => Math.min(least, startMs), Number.POSITIVE_INFINITY);
  for (const span of records) {
    if (byId.has(span.spanId)) continue;
    const offsetMs = micro(span.startMs - startMs);
    const endMs = micro(offsetMs + Math.max(0, span.durationMs));
    byId.set(span.spanId, { span, startMs: offsetMs, endMs, parent: null, children: [], depth: 0 });
  }
  const all = [...byId.values()].sort(earlier);
  for (const node of all) node.parent = byId.get(node.span.parentSpanId ?? "") ?? null;
  breakCircles(all);
  for (const node of all) node.parent?.children.push(node);
  const roots = all.filter((node) => node.parent === null);
  const named = rootSpan(all.map(({ span }) => span));
  let root = byId.get(named?.root.spanId ?? "") ?? null;
  while (root?.parent) root = root.parent;
  const extentMs = all.reduce((last, { endMs }) => Math.max(last, endMs), 0);
  const durationMs = named?.durationMs ?? 0;
  return {
    startMs: records.length > 0 ? startMs : 0,
    ...{ durationMs, extentMs, root },
    answeredMs: root && micro(root.endMs - root.startMs) === durationMs ? root.endMs : extentMs,
    roots,
    spans: inOrder(roots),
  };
}

/** Walks up from each span once; who meets its own walk again has found a circle. */
function breakCircles(nodes: readonly TreeSpan[]): void {
  const walkOf = new Map<TreeSpan, TreeSpan>();
  for (const start of nodes) {
    let node: TreeSpan | null = start;
    while (node && !walkOf.has(node)) {
      walkOf.set(node, start);
      node = node.parent;
    }
    if (node === null || walkOf.get(node) !== start) continue;
    const circle = [node];
    for (let next = node.parent; next && next !== node; next = next.parent) circle.push(next);
    const first = circle.sort(earlier)[0];
    if (first) first.parent = null;
  }
}

function inOrder(roots: readonly TreeSpan[]): TreeSpan[] {
  const spans: TreeSpan[] = [];
  const open = roots.toReversed();
  for (let node = open.pop(); node; node = open.pop()) {
    node.depth = node.parent ? node.parent.depth + 1 : 0;
    spans.push(node);
    for (let i = node.children.length - 1; i >= 0; i--) open.push(node.children[i] as TreeSpan);
  }
  return spans;
}
