import type { MetricInfo, MetricLine, QuantileBounds } from "../../agent/ports/metrics-source.ts";
import type { Matrix, Metadata } from "./client.ts";

/** Prometheus' shapes as ours. */

/** PromQL writes NaN and ±Inf for what has no value: a gap. */
const numberOf = (text: string): number | null => {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
};

const meanOf = (line: MetricLine): number => {
  const known = line.values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : Number.NEGATIVE_INFINITY;
};

const labelText = (line: MetricLine): string => JSON.stringify(Object.entries(line.labels).sort());

/** One value per step; largest mean first, then by labels. `firstMs` is the instant of the first value. */
export function linesOf(matrix: Matrix, grid: { firstMs: number; stepSeconds: number; steps: number }): MetricLine[] {
  const lines = matrix.result.map(({ metric, values }) => {
    const line: MetricLine = { labels: metric, values: new Array<number | null>(grid.steps).fill(null) };
    for (const [at, text] of values) {
      const index = Math.round((at * 1_000 - grid.firstMs) / (grid.stepSeconds * 1_000));
      if (index >= 0 && index < grid.steps) line.values[index] = numberOf(text);
    }
    return line;
  });
  const ranked = lines.map((line) => ({ line, mean: meanOf(line), text: labelText(line) }));
  ranked.sort((a, b) => b.mean - a.mean || (a.text < b.text ? -1 : 1));
  return ranked.map(({ line }) => line);
}

const HISTOGRAM_PARTS = /_(bucket|sum|count)$/;

/** Names as metrics, in order; the parts of a histogram become one. */
export function metricsOf(names: readonly string[], metadata: Metadata): MetricInfo[] {
  const known = new Set(names);
  const isHistogram = (name: string): boolean => known.has(`${name}_bucket`);
  const found = new Map<string, MetricInfo>();
  for (const name of names) {
    const family = name.replace(HISTOGRAM_PARTS, "");
    const shown = family !== name && isHistogram(family) ? family : name;
    if (!found.has(shown)) found.set(shown, infoOf(shown, isHistogram(shown), metadata));
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** OpenMetrics keeps what it says of a counter under its name without `_total`, of a summary's parts under its own. */
function infoOf(name: string, histogram: boolean, metadata: Metadata): MetricInfo {
  const about = metadata[name]?.[0] ?? metadata[name.replace(/_(total|sum|count)$/, "")]?.[0];
  return {
    name,
    kind: kindOf(name, histogram, about?.type),
    unit: about?.unit ?? "",
    help: about?.help ?? "",
    series: null,
  };
}

/** Where the server keeps no metadata the name tells, by https://prometheus.io/docs/practices/naming/ */
function kindOf(name: string, histogram: boolean, type: string | undefined): MetricInfo["kind"] {
  if (histogram) return "histogram";
  if (type === "counter" || name.endsWith("_total")) return "counter";
  if (type === "summary" && /_(sum|count)$/.test(name)) return "counter";
  return type === "gauge" || type === "summary" ? "gauge" : "unknown";
}

/**
 * Lines of quantiles with the bounds between which each lies; without them where there are no buckets, as of native
 * histograms. A quantile above the highest bound is told as that bound, like one that just reaches it: its bucket is open.
 * @param buckets lines that also have the label `le`
 */
export function withBounds(lines: readonly MetricLine[], buckets: readonly MetricLine[]): MetricLine[] {
  const textOf = (labels: MetricLine["labels"]): string =>
    JSON.stringify(
      Object.entries(labels)
        .filter(([label]) => label !== "le")
        .sort(),
    );
  const edges = new Map<string, number[]>();
  for (const [text, own] of Map.groupBy(buckets, ({ labels }) => textOf(labels)))
    edges.set(
      text,
      own
        .map(({ labels }) => Number(labels.le))
        .filter(Number.isFinite)
        .sort((a, b) => a - b),
    );
  return lines.map((line) => {
    const own = edges.get(textOf(line.labels)) ?? [];
    return own.length === 0 ? line : { ...line, bounds: line.values.map((value) => boundsOf(value, own)) };
  });
}

function boundsOf(value: number | null, edges: readonly number[]): QuantileBounds | null {
  if (value === null) return null;
  const below = edges.findLast((edge) => edge < value) ?? null;
  const upper = edges.find((edge) => edge >= value) ?? null;
  // the lowest bucket begins at 0 when its bound is positive
  const lower = below ?? (upper !== null && upper > 0 ? 0 : null);
  return { lower, upper: value === edges.at(-1) ? null : upper };
}
