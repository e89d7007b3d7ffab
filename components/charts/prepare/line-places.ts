import type { Panel } from "./panel.ts";

/** Where a time and a value stand: shares of width and height, the height from below. */
export function placeIn({ domain }: Pick<Panel, "domain">): { x: (t: number) => number; y: (value: number) => number } {
  const [from, to] = domain.x;
  const [bottom, top] = domain.y;
  return {
    x: (t) => (t - from) / Math.max(1, to - from),
    y: (value) => (value - bottom) / Math.max(Number.EPSILON, top - bottom),
  };
}

/** Whether a value stands between two gaps, where a line has no length. */
export function isAlone(rows: Panel["rows"], index: number, key: string): boolean {
  const known = (i: number): boolean => (rows[i]?.[key] ?? null) !== null;
  return known(index) && !known(index - 1) && !known(index + 1);
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
