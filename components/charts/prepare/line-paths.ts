import type { Panel } from "./panel.ts";

/** Width and height of the drawing's own coordinates; the page stretches them. */
export const CANVAS = 1_000;

/** Where a time and a value stand: shares of width and height, the height from below. */
export function placeIn({ domain }: Pick<Panel, "domain">): { x: (t: number) => number; y: (value: number) => number } {
  const [from, to] = domain.x;
  const [bottom, top] = domain.y;
  return {
    x: (t) => (t - from) / Math.max(1, to - from),
    y: (value) => (value - bottom) / Math.max(Number.EPSILON, top - bottom),
  };
}

/** One SVG path a line: a gap breaks it, and a point between two gaps is a dot (a line of no length, round at its ends). */
export function linePaths(panel: Pick<Panel, "rows" | "lines" | "domain">): { key: string; path: string }[] {
  const at = placeIn(panel);
  const round = (share: number): string => String(Math.round(share * CANVAS * 10) / 10);
  return panel.lines.map(({ key }) => {
    let path = "";
    let points = 0;
    for (const row of panel.rows) {
      const value = row[key] ?? null;
      if (value === null) {
        if (points === 1) path += "h0";
        points = 0;
        continue;
      }
      path += `${points === 0 ? "M" : "L"}${round(at.x(row.t))} ${round(1 - at.y(value))}`;
      points++;
    }
    return { key, path: points === 1 ? `${path}h0` : path };
  });
}

/** The row whose bucket holds a share of the width; null outside of them. */
export function rowAt({ rows, stepMs, domain }: Pick<Panel, "rows" | "stepMs" | "domain">, t: number): number | null {
  if (t < domain.x[0] || t > domain.x[1]) return null;
  const index = rows.findLastIndex((row) => row.t <= t);
  const row = rows[index];
  return row && t <= row.t + stepMs ? index : null;
}

/** The line whose value in a row is nearest to a value; null when the row has none. */
export function nearestLine(panel: Pick<Panel, "rows" | "lines">, index: number, value: number): string | null {
  const row = panel.rows[index];
  if (!row) return null;
  let nearest: { key: string; away: number } | null = null;
  for (const { key } of panel.lines) {
    const own = row[key] ?? null;
    if (own === null) continue;
    const away = Math.abs(own - value);
    if (!nearest || away < nearest.away) nearest = { key, away };
  }
  return nearest?.key ?? null;
}
