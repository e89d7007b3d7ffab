export interface CauseNode {
  id: string;
  /** down, pending, or failing under cover of maintenance */
  failing: boolean;
  /** failing and confirmed */
  down: boolean;
  /** since when its state is what it is, ms since the epoch */
  stateSinceMs: number;
  dependsOn: readonly string[];
  intervalMs: number;
  failureThreshold: number;
  /** id of what explained it so far */
  causedBy: string | null;
}

/**
 * The target at the root of a failure: following failing dependencies as far as they go, the first that fails with no
 * failing dependency of its own. A confirmed root wins over one still pending, then the order of the configuration.
 * Null when the target does not fail or nothing it depends on does. Targets that fail in a circle explain what depends
 * on them, but not each other.
 *
 * A root that has recovered goes on explaining a dependent for `failureThreshold` of the dependent's intervals: the
 * dependent's own recovery is seen later, and must not page in between.
 */
export function causeOf(id: string, nodes: ReadonlyMap<string, CauseNode>, nowMs: number): string | null {
  const start = nodes.get(id);
  if (!start?.failing) return null;
  const root = findRoot(start, nodes);
  if (root) return root.id;
  const former = start.causedBy === null ? undefined : nodes.get(start.causedBy);
  if (!former || former.failing) return null;
  return nowMs - former.stateSinceMs < start.failureThreshold * start.intervalMs ? former.id : null;
}

function findRoot(start: CauseNode, nodes: ReadonlyMap<string, CauseNode>): CauseNode | null {
  const roots: CauseNode[] = [];
  const seen = new Map<string, CauseNode>([[start.id, start]]);
  let circular = false;
  const visit = (node: CauseNode): void => {
    const failing = node.dependsOn.map((id) => nodes.get(id)).filter((found) => found?.failing === true);
    if (failing.length === 0 && node !== start) roots.push(node);
    for (const next of failing) {
      if (!next) continue;
      if (next === start) circular = true;
      if (seen.has(next.id)) continue;
      seen.set(next.id, next);
      visit(next);
    }
  };
  visit(start);
  if (roots.length === 0 && !circular) return [...seen.values()][1] ?? null;
  return roots.find((root) => root.down) ?? roots[0] ?? null;
}

interface Caused {
  name: string;
  environment: string | null;
  /** name */
  causedBy: string | null;
}

/** The given order, worst first, but no consequence before its cause of the same environment, else of none. */
export function causesFirst<T extends Caused>(worstFirst: readonly T[]): T[] {
  const keyOf = (name: string, environment: string | null) => `${name}\n${environment ?? ""}`;
  const causes = new Map(worstFirst.map((one) => [keyOf(one.name, one.environment), one]));
  const placed = new Set<T>();
  for (const one of worstFirst) {
    const { causedBy, environment } = one;
    const cause =
      causedBy === null ? undefined : (causes.get(keyOf(causedBy, environment)) ?? causes.get(keyOf(causedBy, null)));
    if (cause) placed.add(cause);
    placed.add(one);
  }
  return [...placed];
}
