import { useId } from "react";
import { FAILING_PERCENT } from "#server/agent/telemetry/failed-share.ts";
import { cn } from "../lib/cn.ts";
import { type EdgeKind, kindOf, type MapEdge, widthOf } from "./prepare/edges.ts";
import { type Layout, pathThrough } from "./prepare/layout.ts";
import { edgeKey } from "./prepare/layout-keys.ts";

const STROKE: Record<EdgeKind, string> = {
  calls: "stroke-ink-3",
  failing: "stroke-critical",
  unseen: "stroke-line-strong",
};
const FILL: Record<EdgeKind, string> = {
  calls: "fill-ink-3",
  failing: "fill-critical",
  unseen: "fill-line-strong",
};
/** told apart without colour: failing calls in long dashes, calls never seen in dots */
const DASH: Record<EdgeKind, string | undefined> = { calls: undefined, failing: "10 4", unseen: "1 6" };
const KINDS = ["calls", "failing", "unseen"] as const;

interface MapEdgesProps {
  edges: readonly MapEdge[];
  layout: Layout;
  /** the chosen service: its calls stand out */
  chosen: string | null;
  onHover: (edge: MapEdge | null) => void;
}

/** Calls as arrows from caller to called, thicker the more there are. */
export function MapEdges({ edges, layout, chosen, onHover }: MapEdgesProps) {
  const arrow = useId();
  return (
    <svg
      aria-hidden="true"
      width={layout.width}
      height={layout.height}
      className="pointer-events-none absolute top-0 left-0 overflow-visible"
      fill="none"
    >
      <defs>
        {KINDS.map((kind) => (
          <marker
            key={kind}
            id={`${arrow}-${kind}`}
            markerUnits="userSpaceOnUse"
            markerWidth="11"
            markerHeight="11"
            viewBox="0 0 10 10"
            refX="9"
            refY="5"
            orient="auto"
          >
            <path d="M0 0 10 5 0 10Z" className={FILL[kind]} />
          </marker>
        ))}
      </defs>
      {edges.map((edge) => {
        const path = pathThrough(layout.edges.get(edgeKey(edge)) ?? []);
        const kind = kindOf(edge);
        const faint = chosen !== null && edge.from !== chosen && edge.to !== chosen;
        return path ? (
          <g key={edgeKey(edge)} className={cn(faint && "opacity-25")}>
            <path
              d={path}
              className={STROKE[kind]}
              strokeWidth={kind === "unseen" ? 1.75 : widthOf(edge.requestsPerSecond)}
              strokeDasharray={DASH[kind]}
              strokeLinecap={kind === "unseen" ? "round" : "butt"}
              markerEnd={`url(#${arrow}-${kind})`}
            />
            <path
              d={path}
              stroke="transparent"
              strokeWidth="16"
              className="pointer-events-auto"
              onPointerEnter={() => onHover(edge)}
              onPointerLeave={() => onHover(null)}
            />
          </g>
        ) : null;
      })}
    </svg>
  );
}

/** A sample of each kind of arrow. */
export const EdgeLegend = ({ className }: { className: string }) => (
  <ul className={cn("flex flex-wrap gap-x-4 gap-y-1 text-ink-2 text-xs", className)}>
    {(
      [
        ["calls", "calls, thicker the more"],
        ["failing", `${FAILING_PERCENT} % or more fail`],
        ["unseen", "configured, not seen"],
      ] as const
    ).map(([kind, words]) => (
      <li key={kind} className="flex items-center gap-1.5">
        <svg aria-hidden="true" viewBox="0 0 28 6" className="h-1.5 w-7 overflow-visible" fill="none">
          <path
            d="M1 3H27"
            className={STROKE[kind]}
            strokeWidth="2"
            strokeDasharray={DASH[kind]}
            strokeLinecap="round"
          />
        </svg>
        {words}
      </li>
    ))}
    <li className="flex items-center gap-1.5">
      <span aria-hidden="true" className="h-3 w-6 rounded-full border border-line-strong border-dashed" />
      external
    </li>
  </ul>
);
