"use client";

import { usePlotArea } from "recharts";

/**
 * Horizontal lines at shares of the plot's height, from below. recharts' own grid works out both directions of it anew
 * whenever anything of its chart changes.
 */
export function GridLines({ at }: { at: readonly number[] }) {
  const plot = usePlotArea();
  if (!plot) return null;
  return at.map((share) => {
    const y = plot.y + plot.height * (1 - share);
    return <line key={share} x1={plot.x} x2={plot.x + plot.width} y1={y} y2={y} stroke="var(--chart-grid)" />;
  });
}
