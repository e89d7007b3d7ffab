import { layout as dagreLayout, Graph } from "@dagrejs/dagre";
import { edgeKey } from "./layout-keys.ts";

/** px in the drawing's own measure; zooming changes nothing of it */
export const NODE = { width: 168, height: 66 };
const GAP = { rank: 72, node: 18, loose: 18 };

export interface Topology {
  nodes: readonly string[];
  edges: readonly { from: string; to: string }[];
}

export interface Point {
  x: number;
  y: number;
}

export interface Layout {
  /** centre of each node */
  nodes: Map<string, Point>;
  /** from border to border, by `edgeKey` */
  edges: Map<string, Point[]>;
  width: number;
  height: number;
}

/**
 * Layers from left to right, callers before what they call (Sugiyama's method, by dagre); what calls nobody and is
 * called by nobody stands in rows below. The same topology gives the same places, in whatever order it comes.
 */
export function layoutOf({ nodes, edges }: Topology): Layout {
  const known = new Set(nodes);
  const drawn = edges
    .filter(({ from, to }) => from !== to && known.has(from) && known.has(to))
    .toSorted((a, b) => edgeKey(a).localeCompare(edgeKey(b)));
  const joined = new Set(drawn.flatMap(({ from, to }) => [from, to]));
  const ordered = [...known].sort();
  const main = layered(
    ordered.filter((id) => joined.has(id)),
    drawn,
  );
  return withLoose(
    main,
    ordered.filter((id) => !joined.has(id)),
  );
}

function layered(ids: readonly string[], edges: readonly { from: string; to: string }[]): Layout {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: GAP.node, ranksep: GAP.rank, edgesep: 14, acyclicer: "greedy" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) graph.setNode(id, { ...NODE });
  for (const { from, to } of edges) graph.setEdge(from, to);
  if (ids.length > 0) dagreLayout(graph);
  const { width = 0, height = 0 } = ids.length > 0 ? graph.graph() : {};
  return {
    nodes: new Map(
      ids.map((id) => {
        const { x, y } = graph.node(id);
        return [id, { x: x ?? 0, y: y ?? 0 }];
      }),
    ),
    edges: new Map(edges.map((edge) => [edgeKey(edge), [...(graph.edge(edge.from, edge.to)?.points ?? [])]])),
    ...{ width, height },
  };
}

function withLoose(main: Layout, loose: readonly string[]): Layout {
  if (loose.length === 0) return main;
  const step = { x: NODE.width + GAP.loose, y: NODE.height + GAP.loose };
  const columns = Math.max(1, Math.floor((Math.max(main.width, step.x * 4) + GAP.loose) / step.x));
  const top = main.height > 0 ? main.height + GAP.loose * 2 : 0;
  const nodes = new Map(main.nodes);
  for (const [index, id] of loose.entries())
    nodes.set(id, {
      x: NODE.width / 2 + (index % columns) * step.x,
      y: top + NODE.height / 2 + Math.floor(index / columns) * step.y,
    });
  const rows = Math.ceil(loose.length / columns);
  return {
    ...{ nodes, edges: main.edges },
    width: Math.max(main.width, Math.min(columns, loose.length) * step.x - GAP.loose),
    height: top + rows * step.y - GAP.loose,
  };
}

/** A smooth SVG path through the points; it arrives along the straight line between the last two. */
export function pathThrough(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.pop();
  if (!first || !last) return "";
  const at = ({ x, y }: Point) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  let path = `M${at(first)}`;
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1] ?? last;
    path += `Q${at(point)} ${at({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`;
  }
  return `${path}L${at(last)}`;
}
