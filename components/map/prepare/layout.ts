import { layout as dagreLayout, Graph } from "@dagrejs/dagre";
import { edgeKey } from "./layout-keys.ts";

export interface NodeSize {
  width: number;
  height: number;
}

/** px in the drawing's own measure; zooming changes nothing of it. A node with the gap has room for its longest figures. */
const SIZES = {
  few: { node: { width: 168, height: 84 }, rank: 72, gap: 18, edge: 14 },
  /** wide for the name, which is all that can be read of so many at once */
  many: { node: { width: 236, height: 58 }, rank: 64, gap: 10, edge: 4 },
};
const MANY_FROM = 20;

type Sizes = (typeof SIZES)["few"];

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
  /** of every node */
  node: NodeSize;
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
  const sizes = ordered.length >= MANY_FROM ? SIZES.many : SIZES.few;
  const main = layered(
    ordered.filter((id) => joined.has(id)),
    drawn,
    sizes,
  );
  return withLoose(
    main,
    ordered.filter((id) => !joined.has(id)),
    sizes,
  );
}

function layered(ids: readonly string[], edges: readonly { from: string; to: string }[], sizes: Sizes): Layout {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: sizes.gap, ranksep: sizes.rank, edgesep: sizes.edge, acyclicer: "greedy" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) graph.setNode(id, { ...sizes.node });
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
    ...{ width, height, node: sizes.node },
  };
}

function withLoose(main: Layout, loose: readonly string[], { node, gap }: Sizes): Layout {
  if (loose.length === 0) return main;
  const step = { x: node.width + gap, y: node.height + gap };
  const columns = Math.max(1, Math.floor((Math.max(main.width, step.x * 4) + gap) / step.x));
  const top = main.height > 0 ? main.height + gap * 2 : 0;
  const nodes = new Map(main.nodes);
  for (const [index, id] of loose.entries())
    nodes.set(id, {
      x: node.width / 2 + (index % columns) * step.x,
      y: top + node.height / 2 + Math.floor(index / columns) * step.y,
    });
  const rows = Math.ceil(loose.length / columns);
  return {
    ...{ nodes, edges: main.edges, node },
    width: Math.max(main.width, Math.min(columns, loose.length) * step.x - gap),
    height: top + rows * step.y - gap,
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
