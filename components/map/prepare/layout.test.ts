import { describe, expect, it } from "vitest";
import { fiftyServices } from "../testing/fifty-services.ts";
import { layoutOf, pathThrough, type Topology } from "./layout.ts";
import { edgeKey } from "./layout-keys.ts";

const SHOP: Topology = {
  nodes: ["gateway", "catalog", "checkout", "payments", "lonely"],
  edges: [
    { from: "gateway", to: "catalog" },
    { from: "gateway", to: "checkout" },
    { from: "checkout", to: "payments" },
  ],
};
const overlaps = (layout: ReturnType<typeof layoutOf>): string[] => {
  const all = [...layout.nodes];
  return all.flatMap(([id, a], i) =>
    all
      .slice(i + 1)
      .filter(([, b]) => Math.abs(a.x - b.x) < layout.node.width && Math.abs(a.y - b.y) < layout.node.height)
      .map(([other]) => `${id} ${other}`),
  );
};
const placeOf = (layout: ReturnType<typeof layoutOf>, id: string) => layout.nodes.get(id) ?? { x: Number.NaN, y: 0 };

describe("layoutOf", () => {
  it("puts callers left of what they call", () => {
    const layout = layoutOf(SHOP);
    expect(placeOf(layout, "gateway").x).toBeLessThan(placeOf(layout, "checkout").x);
    expect(placeOf(layout, "checkout").x).toBeLessThan(placeOf(layout, "payments").x);
  });

  it("keeps apart what belongs to nobody", () => {
    const layout = layoutOf(SHOP);
    const lowest = Math.max(...["gateway", "catalog", "checkout", "payments"].map((id) => placeOf(layout, id).y));
    expect(placeOf(layout, "lonely").y).toBeGreaterThan(lowest);
    expect(overlaps(layout)).toEqual([]);
  });

  it("gives the same places whatever the order", () => {
    const turned = { nodes: SHOP.nodes.toReversed(), edges: SHOP.edges.toReversed() };
    expect(layoutOf(turned)).toEqual(layoutOf(SHOP));
  });

  it("lays out circles, calls of itself and of what is not there", () => {
    const edges = [
      { from: "a", to: "b" },
      { from: "b", to: "a" },
      { from: "a", to: "a" },
      { from: "a", to: "gone" },
    ];
    const layout = layoutOf({ nodes: ["a", "b"], edges });
    expect([...layout.edges.keys()]).toEqual([edgeKey({ from: "a", to: "b" }), edgeKey({ from: "b", to: "a" })]);
    expect(overlaps(layout)).toEqual([]);
    expect(layoutOf({ nodes: [], edges: [] })).toMatchObject({ width: 0, height: 0 });
  });

  it("lets no two of fifty services overlap, all inside of the drawing", () => {
    const { nodes, edges } = fiftyServices();
    const layout = layoutOf({ nodes: nodes.map(({ id }) => id), edges });
    expect(layout.nodes.size).toBe(50);
    expect(overlaps(layout)).toEqual([]);
    for (const { x, y } of layout.nodes.values()) {
      expect(x - layout.node.width / 2).toBeGreaterThanOrEqual(0);
      expect(x + layout.node.width / 2).toBeLessThanOrEqual(layout.width + 0.5);
      expect(y + layout.node.height / 2).toBeLessThanOrEqual(layout.height + 0.5);
    }
  });
});

describe("pathThrough", () => {
  it("bends through the middle of what it passes", () => {
    const points = [
      { x: 0, y: 0 },
      { x: 10, y: 10 },
      { x: 20, y: 0 },
    ];
    expect(pathThrough(points)).toBe("M0.0 0.0Q10.0 10.0 15.0 5.0L20.0 0.0");
    expect(pathThrough([])).toBe("");
  });
});
