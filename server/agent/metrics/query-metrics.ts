import type { z } from "zod";
import { sourceView, windowOf } from "../kernel/answered.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { countWithin, MODEL_BUDGET_BYTES } from "../kernel/page-within.ts";
import { authorize } from "../kernel/permissions.ts";
import type {
  MetricFunction,
  MetricInfo,
  MetricLine,
  MetricLines,
  MetricQuery,
  MetricsSource,
} from "../ports/metrics-source.ts";
import type { Answer, TimeWindow } from "../ports/source.ts";
import type { QueryMetricsInput, QueryMetricsOutput } from "./schema.ts";
import { serviceFilters } from "./service-filters.ts";
import { type Grid, gridOf, leastStep, stepFor, windowOfGrid } from "./steps.ts";

type Input = z.output<typeof QueryMetricsInput>;
type Output = z.input<typeof QueryMetricsOutput>;

/** points a line by default; a model reads numbers, so it gets fewer */
const POINTS = 120;
const MODEL_POINTS = 40;
/** samples are seldom taken more often, and a shorter step would be full of gaps */
const LEAST_STEP_SECONDS = 15;
const FRAME_BYTES = 2_000;
const KNOWN_METRICS = 500;

/**
 * Lines of one metric, or of a PromQL expression where the source speaks it: per step, largest mean first. The step in
 * progress is left out. A step is never shorter than the distance of the samples, also when a shorter one is asked for.
 * @throws INVALID for neither or both of `metric` and `promql`, or a query the source cannot take, NOT_FOUND for a metric
 * that is not there, PRECONDITION for PromQL where nobody speaks it, and as MetricsSource does
 */
export async function queryMetrics(ctx: AgentContext, input: Input, signal?: AbortSignal): Promise<Output> {
  authorize(ctx, "telemetry.read");
  const window = windowOf(input);
  const source = ctx.telemetry.metrics({ service: input.service, home: input.source });
  if ((input.metric === undefined) === (input.promql === undefined))
    throw new AppError("INVALID", "Give either metric, as list_metrics names it, or promql.");
  const apart = input.metric === undefined ? null : await sampleSeconds(ctx, source, input, input.metric, window);
  const points = ctx.via === "mcp" ? MODEL_POINTS : POINTS;
  const stepSeconds = leastStep(input.stepSeconds ?? stepFor(window, points, LEAST_STEP_SECONDS), apart);
  const grid = gridOf(window, stepSeconds, ctx.now());
  const asked =
    input.promql === undefined
      ? await askMetric(ctx, source, { ...input, metric: input.metric ?? "" }, grid, signal)
      : await askPromql(source, input.promql, input.limit, grid, signal);
  return outputOf(ctx, asked, grid);
}

const sampleSeconds = (
  ctx: AgentContext,
  source: MetricsSource,
  input: Input,
  metric: string,
  window: TimeWindow,
): Promise<number | null> =>
  source.sampleSeconds({ metric: metric.replace(/_bucket$/, ""), filters: filtersOf(ctx, source, input), window });

const filtersOf = (ctx: AgentContext, source: MetricsSource, input: Input): MetricQuery["filters"] => [
  ...serviceFilters(ctx.config, input, source.info.address !== null),
  ...input.filters,
];

interface Asked {
  answer: Answer<MetricLines>;
  promql: string;
  unit: string;
}

async function askPromql(
  source: MetricsSource,
  expression: string,
  limit: number,
  grid: Grid,
  signal: AbortSignal | undefined,
): Promise<Asked> {
  if (!source.promql)
    throw new AppError(
      "PRECONDITION",
      "The built-in store does not speak PromQL. Ask with metric, fn, filters and groupBy; or set `monitoringConfig.metricsEndpoint` and ask with source: external.",
    );
  const query = { expression, window: windowOfGrid(grid), stepSeconds: grid.stepSeconds, limit };
  return { answer: await source.promql(query, signal), promql: expression, unit: "" };
}

async function askMetric(
  ctx: AgentContext,
  source: MetricsSource,
  input: Input & { metric: string },
  grid: Grid,
  signal: AbortSignal | undefined,
): Promise<Asked> {
  const known = (await source.metrics({ search: input.metric, limit: KNOWN_METRICS })).data.items;
  const info = known.find((one) => one.name === input.metric);
  const fn = input.fn ?? defaultFunction(input.metric, info?.kind);
  const query = {
    metric: fn === "quantile" ? input.metric.replace(/_bucket$/, "") : input.metric,
    filters: filtersOf(ctx, source, input),
    groupBy: input.groupBy,
    fn,
    quantile: input.quantile,
  };
  const { stepSeconds } = grid;
  const answer = await source.query({ ...query, window: windowOfGrid(grid), stepSeconds, limit: input.limit }, signal);
  if (answer.data.total === 0 && known.length === 0)
    throw new AppError(
      "NOT_FOUND",
      `No metric is named ${input.metric}. list_metrics names those there are; look for a part of the name.`,
      { details: { metric: input.metric } },
    );
  return { answer, promql: source.toPromql(query, stepSeconds), unit: unitOf(fn, info) };
}

/** A name without metadata tells by its end, as Prometheus' conventions have it. */
function defaultFunction(metric: string, kind: MetricInfo["kind"] | undefined): MetricFunction {
  if (kind === "histogram") return "quantile";
  if (kind === "counter" || kind === "delta") return "rate";
  return kind !== "gauge" && /_(total|count|sum|bucket)$/.test(metric) ? "rate" : "avg";
}

function unitOf(fn: MetricFunction, info: MetricInfo | undefined): string {
  const unit = info?.unit ?? "";
  if (fn === "count") return "series";
  return fn === "rate" ? `${unit || "1"}/s` : unit;
}

function outputOf(ctx: AgentContext, { answer, promql, unit }: Asked, grid: Grid): Output {
  const { lines: found, total, startMs } = answer.data;
  const forModel = ctx.via === "mcp";
  const lines = found.map((line) => summed(forModel ? briefly(line) : line));
  const shown = forModel ? lines.slice(0, countWithin(lines, MODEL_BUDGET_BYTES - FRAME_BYTES)) : lines;
  return {
    total,
    truncated: total > shown.length,
    stepSeconds: grid.stepSeconds,
    ...{ unit, promql },
    source: sourceView(answer),
    start: new Date(startMs).toISOString(),
    lines: shown,
  };
}

function summed(line: MetricLine): Output["lines"][number] {
  const known = line.values.filter((value) => value !== null);
  const [first] = known;
  if (first === undefined) return { ...line, last: null, min: null, avg: null, max: null };
  let [min, max, sum] = [first, first, 0];
  for (const value of known) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  return { ...line, last: known.at(-1) ?? null, min, avg: sum / known.length, max };
}

/** Five digits say what a model can use of a number, at a third of its length. */
const briefly = (line: MetricLine): MetricLine => ({
  ...line,
  values: line.values.map((value) => (value === null ? null : Number(value.toPrecision(5)))),
});
