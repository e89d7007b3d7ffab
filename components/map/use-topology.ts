"use client";

import { useMemo, useRef } from "react";
import type { MapEdge, MapNode } from "./prepare/edges.ts";
import { type Layout, layoutOf } from "./prepare/layout.ts";
import { edgeKey } from "./prepare/layout-keys.ts";

/**
 * The places of nodes and edges. They stay while the same map is read again: a call that was not seen this time keeps
 * its room, so that nothing jumps when it comes back.
 */
export function useTopology(nodes: readonly MapNode[], edges: readonly MapEdge[]): Layout {
  const met = useRef({ nodes: new Set<string>(), edges: new Map<string, { from: string; to: string }>() });
  for (const { id } of nodes) met.current.nodes.add(id);
  for (const { from, to } of edges) met.current.edges.set(edgeKey({ from, to }), { from, to });
  const size = `${met.current.nodes.size} ${met.current.edges.size}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was met only grows, so its size tells it apart
  return useMemo(() => layoutOf({ nodes: [...met.current.nodes], edges: [...met.current.edges.values()] }), [size]);
}
