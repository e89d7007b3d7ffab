import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { MapNode } from "./map-node.tsx";
import type { MapNode as Node } from "./prepare/edges.ts";
import { layoutOf } from "./prepare/layout.ts";

/** px of 12 px text, figures being the widest of it */
const LETTER = 7.2;
const LINE = 16;
const NAME = 17;
const BORDER = 2;
const PADDING = { service: 20, external: 32 };

const node = (more: Partial<Node> = {}): Node => ({
  ...{ id: "checkout", label: "checkout", kind: "service", configured: true, health: "down", causedBy: null },
  ...{ version: null, requestsPerSecond: 19.9, overSeconds: null, errorPercent: 4.812, p95Ms: 65, requests: 900 },
  ...more,
});
const ONE_OF_FEW = { requests: 199, errorPercent: (2 / 199) * 100 };
const LONGEST: [string, Partial<Node>][] = [
  ["what is usual", {}],
  ["a rate over less than its window", { overSeconds: 40 }],
  ["few requests of a day", { requestsPerSecond: 0.000116, overSeconds: 86_340, ...ONE_OF_FEW, p95Ms: 75_000 }],
  ["many requests, nearly all failed", { requestsPerSecond: 123_456, overSeconds: 86_340, errorPercent: 99.9991 }],
];

/** Nodes of one layer, one above the other: as wide as one is, and from one to the next. */
function roomOf(count: number) {
  const called = Array.from({ length: count }, (_, i) => `s${i}`);
  const layout = layoutOf({ nodes: ["a", ...called], edges: called.map((to) => ({ from: "a", to })) });
  const [first = 0, second = 0] = called.map((id) => layout.nodes.get(id)?.y ?? 0).sort((a, b) => a - b);
  return { size: layout.node, distance: second - first };
}

/** The lines of a text that breaks at its spaces. */
function linesIn(text: string, px: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = [...lines.slice(-1), word].join(" ");
    if (lines.length > 0 && longer.length * LETTER <= px) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

describe.each([
  ["few", 3],
  ["many", 30],
])("of %s services a box", (_, count) => {
  const { size, distance } = roomOf(count);
  it.each(LONGEST.flatMap(([what, more]) => (["service", "external"] as const).map((kind) => ({ what, more, kind }))))(
    "of kind $kind holds its figures uncut: $what",
    ({ more, kind }) => {
      const at = { x: 0, y: 0 };
      const ways = { chosen: false, faint: false, onChoose: () => undefined, onFocus: () => undefined };
      const html = renderToStaticMarkup(
        <MapNode node={node({ kind, ...more })} at={at} size={size} scale={1} {...ways} />,
      );
      const [box = "", figures = ""] = [
        /<button[^>]*>/.exec(html)?.[0],
        /<span class="tabular-nums.*<\/span>/.exec(html)?.[0],
      ];
      expect(`${box}${figures}`).not.toMatch(/overflow-hidden|truncate|nowrap/);
      const text = figures.replaceAll(/<[^>]*>/g, "").trim();
      const px = size.width - BORDER - PADDING[kind];
      const lines = linesIn(text, px);
      for (const line of lines) expect(line.length * LETTER, line).toBeLessThanOrEqual(px);
      expect(BORDER + NAME + lines.length * LINE, lines.join(" | ")).toBeLessThanOrEqual(distance);
    },
  );
});
