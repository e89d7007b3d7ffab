import { AppError } from "../../agent/kernel/errors.ts";
import type { MetricLine, MetricLines, MetricsSource } from "../../agent/ports/metrics-source.ts";
import { type MatchedSeries, matchSeries } from "../series/matched-series.ts";
import type { StoreParts } from "../write/record-writer.ts";
import { type BucketCell, readBuckets } from "./bucket-cells.ts";
import { rangesQuantile } from "./bucket-quantile.ts";
import { type Cell, readCells, type Steps } from "./metric-cells.ts";

/** as Prometheus has it */
const MAX_STEPS = 11_000;

type Query = Parameters<MetricsSource["query"]>[0];

/**
 * Steps begin at multiples of their length, unless they are wanted from the window's start; those that the window only
 * touches are whole. What a counter grew by between
 * two samples is spread over the time between them, so that a step may be shorter than their distance, and the increases
 * of steps add up. A gauge holds its value until the next sample, for five minutes at most.
 */
export async function queryMetrics(parts: StoreParts, query: Query, signal?: AbortSignal): Promise<MetricLines> {
  const stepMs = query.stepSeconds * 1_000;
  const fromMs = query.window.from.getTime();
  const startMs = query.exact ? fromMs : Math.floor(fromMs / stepMs) * stepMs;
  const count = Math.max(0, Math.ceil((query.window.to.getTime() - startMs) / stepMs));
  if (count > MAX_STEPS)
    throw new AppError(
      "INVALID",
      `${count} steps are more than ${MAX_STEPS}. Choose a longer step or a narrower window.`,
    );
  const steps: Steps = { startMs, stepMs, count };
  const series = await matchSeries(parts.database, query, startMs, signal);
  const lines = series.ids.length > 0 ? await readLines(parts, query, steps, series, signal) : [];
  const sorted = lines.map((line) => ({ line, weight: weightOf(line) })).sort((x, y) => y.weight - x.weight);
  return {
    stepSeconds: query.stepSeconds,
    startMs,
    lines: sorted.slice(0, query.limit).map(({ line }) => line),
    total: lines.length,
    ...((query.fn === "rate" || query.fn === "increase") && series.gauges > 0 && { leftOut: series.gauges }),
  };
}

async function readLines(
  parts: StoreParts,
  query: Query,
  steps: Steps,
  series: MatchedSeries,
  signal: AbortSignal | undefined,
): Promise<MetricLine[]> {
  if (query.fn !== "quantile")
    return plainLines(query, steps, series, await readCells(parts, query, steps, series, signal));
  return quantileLines(query, steps, series, await readBuckets(parts, steps, series, signal));
}

/** The largest lines are kept when the limit cuts. */
const weightOf = ({ values }: MetricLine): number => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);

/** Cells of each group in the order of steps. */
function byGroup(series: MatchedSeries, cells: readonly Cell[]): Map<number, Cell>[] {
  const groups = series.groups.map(() => new Map<number, Cell>());
  for (const cell of cells) groups[cell.group]?.set(cell.step, cell);
  return groups;
}

function plainLines({ fn }: Query, { count }: Steps, series: MatchedSeries, cells: readonly Cell[]): MetricLine[] {
  const figureOf = ({ a, b }: Cell): number | null => {
    if (a === null) return null;
    return fn === "avg" ? a / (b ?? 1) : a;
  };
  return byGroup(series, cells).flatMap((steps, group) => {
    const values = Array.from({ length: count }, (_, i) => {
      const cell = steps.get(i);
      return cell ? figureOf(cell) : null;
    });
    return values.some((value) => value !== null) ? [{ labels: series.groups[group] ?? {}, values }] : [];
  });
}

function quantileLines(
  { quantile = 0.95 }: Query,
  { count }: Steps,
  series: MatchedSeries,
  cells: readonly BucketCell[],
): MetricLine[] {
  const groups = Map.groupBy(cells, ({ group }) => group);
  return series.groups.flatMap((labels, group) => {
    const steps = Map.groupBy(groups.get(group) ?? [], ({ step }) => step);
    const told = Array.from({ length: count }, (_, i) => rangesQuantile(quantile, steps.get(i) ?? []));
    if (told.every((one) => one === null)) return [];
    const bounds = told.map((one) => one && { lower: one.lower, upper: one.upper });
    return [{ labels, values: told.map((one) => one?.value ?? null), bounds }];
  });
}
