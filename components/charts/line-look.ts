import type { Line } from "./prepare/panel.ts";

/** How a line is drawn, and its sample in a legend. */
export interface LineLook {
  /** class of an SVG element */
  stroke: string;
  /** the same as a value */
  color: string;
  dot: string;
  width: number;
  dash?: string;
}

const WEIGHTS: Record<Line["weight"], LineLook> = {
  main: { stroke: "stroke-accent", color: "var(--accent)", dot: "bg-accent", width: 1.75 },
  second: { stroke: "stroke-chart-2", color: "var(--chart-2)", dot: "bg-chart-2", width: 1.25 },
  third: { stroke: "stroke-chart-3", color: "var(--chart-3)", dot: "bg-chart-3", width: 1.25 },
  before: { stroke: "stroke-chart-2", color: "var(--chart-2)", dot: "bg-chart-2", width: 1.25, dash: "2 3" },
};

const SERIES = [
  { stroke: "stroke-series-1", color: "var(--series-1)", dot: "bg-series-1" },
  { stroke: "stroke-series-2", color: "var(--series-2)", dot: "bg-series-2" },
  { stroke: "stroke-series-3", color: "var(--series-3)", dot: "bg-series-3" },
  { stroke: "stroke-series-4", color: "var(--series-4)", dot: "bg-series-4" },
  { stroke: "stroke-series-5", color: "var(--series-5)", dot: "bg-series-5" },
  { stroke: "stroke-series-6", color: "var(--series-6)", dot: "bg-series-6" },
  { stroke: "stroke-series-7", color: "var(--series-7)", dot: "bg-series-7" },
  { stroke: "stroke-series-8", color: "var(--series-8)", dot: "bg-series-8" },
] as const;
/** once the colours are used up, dashes tell the next ones apart */
const DASHES = [undefined, "7 3", "2 3"] as const;

/** Colour of one of many things alike, as the class of a surface. */
export const seriesDot = (series: number): string => SERIES[series % SERIES.length]?.dot ?? SERIES[0].dot;

export function lookOf({ weight, series }: Pick<Line, "weight" | "series">): LineLook {
  if (series === undefined) return WEIGHTS[weight];
  const colour = SERIES[series % SERIES.length] ?? SERIES[0];
  const dash = DASHES[Math.floor(series / SERIES.length) % DASHES.length];
  return { ...colour, width: 1.5, ...(dash ? { dash } : {}) };
}
