import { AppError } from "../../agent/kernel/errors.ts";
import type { MetricLine, MetricLines, MetricsSource } from "../../agent/ports/metrics-source.ts";
import { bucketQuantile, wholeBuckets } from "./bucket-quantile.ts";
import { type MatchedSeries, matchSeries } from "./matched-series.ts";
import { type Cell, readCells, type Steps } from "./metric-cells.ts";
import type { StoreParts } from "./record-writer.ts";

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
  const cells = series.ids.length > 0 ? await readCells(parts, query, steps, series, signal) : [];
  const lines =
    query.fn === "quantile" ? quantileLines(query, steps, series, cells) : plainLines(query, steps, series, cells);
  const sorted = lines.map((line) => ({ line, weight: weightOf(line) })).sort((x, y) => y.weight - x.weight);
  return {
    stepSeconds: query.stepSeconds,
    startMs,
    lines: sorted.slice(0, query.limit).map(({ line }) => line),
    total: lines.length,
  };
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

/** The groups of one line differ in their bucket's bound alone. */
function quantileLines(
  { quantile = 0.95 }: Query,
  { count }: Steps,
  series: MatchedSeries,
  cells: readonly Cell[],
): MetricLine[] {
  const buckets = byGroup(series, cells).map((steps, group) => ({
    steps,
    labels: series.groups[group] ?? {},
    le: boundOf(series.bounds[group] ?? ""),
  }));
  const lines = Map.groupBy(buckets, ({ labels }) => JSON.stringify(labels));
  return [...lines.values()].flatMap((own) => {
    const told = Array.from({ length: count }, (_, i) =>
      bucketQuantile(
        quantile,
        wholeBuckets(
          own.flatMap(({ steps, le }) => {
            const cell = steps.get(i);
            return cell && !Number.isNaN(le) ? [{ le, count: cell.a ?? 0, knownMs: cell.b ?? 0 }] : [];
          }),
        ),
      ),
    );
    if (told.every((one) => one === null)) return [];
    const bounds = told.map((one) => one && { lower: one.lower, upper: one.upper });
    return [{ labels: own[0]?.labels ?? {}, values: told.map((one) => one?.value ?? null), bounds }];
  });
}

const boundOf = (le: string): number =>
  /^\+?inf/i.test(le) ? Number.POSITIVE_INFINITY : le === "" ? Number.NaN : Number(le);
