import { isFailing } from "#server/agent/telemetry/failed-share.ts";
import type { ServiceMapOutput } from "#server/agent/traces/schema.ts";

export type MapNode = ServiceMapOutput["nodes"][number];
export type MapEdge = ServiceMapOutput["edges"][number];

const WIDTHS = { least: 1.25, most: 6 };

/** px for a rate, on a scale of equal ratios: from 0.01 per second to 1,000 per second. */
export function widthOf(perSecond: number | null): number {
  if (perSecond === null || perSecond <= 0) return WIDTHS.least;
  const share = Math.min(1, Math.max(0, (Math.log10(perSecond) + 2) / 5));
  return Number((WIDTHS.least + share * (WIDTHS.most - WIDTHS.least)).toFixed(2));
}

export type EdgeKind = "calls" | "failing" | "unseen";

/** unseen: the configuration says so, no call was seen. */
export const kindOf = (edge: MapEdge): EdgeKind => (edge.seen ? (isFailing(edge) ? "failing" : "calls") : "unseen");

/** The calls of a service and those it gets, busiest first. */
export function callsOf(edges: readonly MapEdge[], id: string): { to: MapEdge[]; from: MapEdge[] } {
  const busiest = (list: MapEdge[]) => list.sort((a, b) => b.requests - a.requests);
  return {
    to: busiest(edges.filter(({ from }) => from === id)),
    from: busiest(edges.filter(({ to }) => to === id)),
  };
}
