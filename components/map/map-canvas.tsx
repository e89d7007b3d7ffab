"use client";

import { Maximize, Minus, Plus } from "lucide-react";
import { useState } from "react";
import { cn } from "../lib/cn.ts";
import { Button } from "../ui/button.tsx";
import { FigureLine } from "./figures.tsx";
import { EdgeLegend, MapEdges } from "./map-edges.tsx";
import { MapNode } from "./map-node.tsx";
import type { MapEdge, MapNode as Node } from "./prepare/edges.ts";
import { useTopology } from "./use-topology.ts";
import { useViewport } from "./use-viewport.ts";

interface MapCanvasProps {
  nodes: readonly Node[];
  edges: readonly MapEdge[];
  chosen: string | null;
  onChoose: (id: string | null) => void;
  className?: string;
}

/** The map itself: drag to move, Control and wheel or + and − to zoom, 0 to see all. */
export function MapCanvas({ nodes, edges, chosen, onChoose, className }: MapCanvasProps) {
  const layout = useTopology(nodes, edges);
  const { box, view, dragging, fitAll, zoomIn, zoomOut, showPoint, handlers } = useViewport(layout);
  const [hovered, setHovered] = useState<MapEdge | null>(null);
  const near = new Set(edges.flatMap(({ from, to }) => (from === chosen ? [to] : to === chosen ? [from] : [])));
  return (
    <div className="relative">
      <section
        ref={box}
        aria-label="Service map. Arrow keys move it, plus and minus zoom, 0 shows all of it; Tab goes from service to service."
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it moves by keys, so the keyboard must be able to reach it
        tabIndex={0}
        className={cn(
          "relative touch-none select-none overflow-hidden bg-page",
          dragging ? "cursor-grabbing" : "cursor-grab",
          className,
        )}
        {...handlers}
      >
        {view ? (
          <div
            className="absolute top-0 left-0 origin-top-left"
            style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}
          >
            <MapEdges edges={edges} layout={layout} chosen={chosen} onHover={setHovered} />
            {[...nodes]
              .sort((a, b) => a.id.localeCompare(b.id))
              .map((node) => {
                const at = layout.nodes.get(node.id);
                return at ? (
                  <MapNode
                    key={node.id}
                    node={node}
                    at={at}
                    size={layout.node}
                    scale={view.scale}
                    chosen={node.id === chosen}
                    faint={chosen !== null && node.id !== chosen && !near.has(node.id)}
                    onChoose={() => onChoose(node.id === chosen ? null : node.id)}
                    onFocus={() => {
                      const x = at.x * view.scale + view.x;
                      const y = at.y * view.scale + view.y;
                      const { clientWidth = 0, clientHeight = 0 } = box.current ?? {};
                      if (x < 0 || y < 0 || x > clientWidth || y > clientHeight) showPoint(at);
                    }}
                  />
                ) : null;
              })}
          </div>
        ) : null}
      </section>
      <div className="absolute top-2 right-2 flex flex-col gap-1">
        <Button size="icon" onClick={zoomIn} aria-label="Zoom in">
          <Plus />
        </Button>
        <Button size="icon" onClick={zoomOut} aria-label="Zoom out">
          <Minus />
        </Button>
        <Button size="icon" onClick={fitAll} aria-label="Show all">
          <Maximize />
        </Button>
      </div>
      <div className="grid border-t px-3 py-2 *:col-start-1 *:row-start-1">
        <EdgeLegend className={hovered ? "invisible" : ""} />
        {hovered ? <HoveredCall edge={hovered} /> : null}
      </div>
    </div>
  );
}

/** In the legend's place: over the map it would cover what it is about. */
const HoveredCall = ({ edge }: { edge: MapEdge }) => (
  <div className="flex min-w-0 flex-wrap gap-x-3 text-xs">
    <span className="min-w-0 truncate font-medium" title={`${edge.from} → ${edge.to}`}>
      {edge.from} → {edge.to}
    </span>
    {edge.seen ? <FigureLine part={edge} /> : <span className="text-ink-2">Configured, but no call was seen.</span>}
  </div>
);
