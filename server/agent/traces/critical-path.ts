import type { SpanTree, TreeSpan } from "./span-tree.ts";

/**
 * Time of a span in which none of its children ran, ms: its duration without the union of its children's intervals,
 * cut to the span itself, and to what comes before `untilMs`. Children that overlap count once, and what a child does
 * after its parent ended not at all.
 */
export function selfMs({ startMs, children, ...span }: TreeSpan, untilMs = Number.POSITIVE_INFINITY): number {
  const endMs = Math.min(span.endMs, untilMs);
  let covered = 0;
  let reached = startMs;
  for (const child of children) {
    const from = Math.max(child.startMs, reached);
    const to = Math.min(child.endMs, endMs);
    if (to > from) covered += to - from;
    reached = Math.max(reached, to);
  }
  return Math.max(0, endMs - startMs - covered);
}

/**
 * The critical path: the spans, and of each the ms, that decided when the trace was done. A backward walk as in
 * CRISP (Zhang et al., USENIX ATC 2022): from the end of a span to its child that finished last, through that child,
 * and from its start to the child that had finished last before it; what no child explains is the span's own. Children
 * that outlast their parent are cut at its end. It leads to the end of the root: what goes on after the answer decided
 * nothing. Where the root is missing, those it called count as children of the trace as a whole. The times add up to the
 * trace's duration, less the gaps between those.
 */
export function criticalPath({ root, roots, answeredMs }: SpanTree): Map<TreeSpan, number> {
  const path = new Map<TreeSpan, number>();
  const open =
    root?.endMs === answeredMs
      ? [{ node: root, fromMs: root.startMs, toMs: root.endMs }]
      : segments(roots, 0, answeredMs).parts;
  for (let part = open.pop(); part; part = open.pop()) {
    const { parts, uncoveredMs } = segments(part.node.children, part.fromMs, part.toMs);
    path.set(part.node, uncoveredMs);
    open.push(...parts);
  }
  return path;
}

interface Part {
  node: TreeSpan;
  fromMs: number;
  toMs: number;
}

/** The children on the path within [fromMs, toMs], and how much of it none of them covers. */
function segments(children: readonly TreeSpan[], fromMs: number, toMs: number) {
  const parts: Part[] = [];
  let cursor = toMs;
  let uncoveredMs = 0;
  for (const node of children.toSorted((a, b) => b.endMs - a.endMs || a.startMs - b.startMs)) {
    // the walk has passed the end of the span: only the first child may outlast it
    const until = Math.min(node.endMs, toMs);
    const since = Math.max(node.startMs, fromMs);
    if (until > cursor || since >= until) continue;
    uncoveredMs += cursor - until;
    parts.push({ node, fromMs: since, toMs: until });
    cursor = since;
  }
  return { parts, uncoveredMs: uncoveredMs + Math.max(0, cursor - fromMs) };
}
