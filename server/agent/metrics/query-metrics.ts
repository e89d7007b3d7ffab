import type { z } from "zod";
import { refuseUnknownFilter } from "../catalog/known-names.ts";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import { sourceView, windowOf } from "../kernel/source-answer.ts";
import type { MetricLine, MetricQuery, MetricsSource } from "../ports/metrics-source.ts";
import type { TimeWindow } from "../ports/source.ts";
import { countWithin } from "../text/page-within.ts";
import { type Asked, askMetric, type MetricQuestion } from "./ask-metric.ts";
import type { QueryMetricsInput, QueryMetricsOutput } from "./schema.ts";
import { serviceFilters } from "./service-filters.ts";
import { type Grid, gridOf, leastStep, partialOf, stepFor, windowOfGrid } from "./steps.ts";

type Input = z.output<typeof QueryMetricsInput>;
type Output = z.input<typeof QueryMetricsOutput>;

/** samples are seldom taken more often, and a shorter step would be full of gaps */
const LEAST_STEP_SECONDS = 15;
/** of an answer, for what is not lines */
const FRAME_BYTES = 2_000;

/**
 * Lines of one metric, or of a PromQL expression where the source speaks it: per step, largest mean first. The step in
 * progress is left out, which `partial` says. A step is never shorter than the distance of the samples, also when a shorter one is asked for.
 * @throws INVALID for neither or both of `metric` and `promql`, or a query the source cannot take, NOT_FOUND for a metric
 * that is not there, PRECONDITION for PromQL where nobody speaks it, and as MetricsSource does
 */
export async function queryMetrics(ctx: AgentContext, input: Input, signal?: AbortSignal): Promise<Output> {
  authorize(ctx, "telemetry.read");
  const window = windowOf(input);
  const source = ctx.telemetry.metrics({ service: input.service, home: input.source });
  await refuseUnknownFilter(ctx, input, source);
  if ((input.metric === undefined) === (input.promql === undefined))
    throw new AppError("INVALID", "Give either metric, as the list of metrics names it, or promql.");
  const apart = input.metric === undefined ? null : await sampleSeconds(ctx, source, input, input.metric, window);
  const stepSeconds = leastStep(input.stepSeconds ?? stepFor(window, ctx.reader.points, LEAST_STEP_SECONDS), apart);
  const grid = gridOf(window, stepSeconds, ctx.now());
  const asked =
    input.promql === undefined
      ? await askMetric(source, { ...questionOf(ctx, source, input), sampleSeconds: apart ?? undefined }, grid, signal)
      : await askPromql(source, input.promql, input.limit, grid, signal);
  return { ...outputOf(ctx, asked, grid), partial: partialOf(grid, window) };
}

const questionOf = (ctx: AgentContext, source: MetricsSource, input: Input): MetricQuestion => ({
  ...{ metric: input.metric ?? "", filters: filtersOf(ctx, source, input), groupBy: input.groupBy },
  ...{ fn: input.fn, quantile: input.quantile, limit: input.limit },
});

/** Of what the filters leave there may be too few samples to tell, where the service's others do. */
async function sampleSeconds(
  ctx: AgentContext,
  source: MetricsSource,
  input: Input,
  metric: string,
  window: TimeWindow,
): Promise<number | null> {
  const asked = { metric: metric.replace(/_bucket$/, ""), window };
  const apart = await source.sampleSeconds({ ...asked, filters: filtersOf(ctx, source, input) });
  if (apart !== null || input.filters.length === 0) return apart;
  return source.sampleSeconds({ ...asked, filters: filtersOf(ctx, source, { ...input, filters: [] }) });
}

const filtersOf = (ctx: AgentContext, source: MetricsSource, input: Input): MetricQuery["filters"] => [
  ...serviceFilters(ctx.config, input, source.info.address !== null),
  ...input.filters,
];

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

function outputOf({ reader }: AgentContext, { answer, promql, unit }: Asked, grid: Grid): Omit<Output, "partial"> {
  const { lines: found, total, startMs, leftOut } = answer.data;
  const lines = found.map((line) => summed(reader.brief ? briefly(line) : line));
  const shown = lines.slice(0, countWithin(lines, reader.bytes - FRAME_BYTES));
  return {
    total,
    truncated: total > shown.length,
    stepSeconds: grid.stepSeconds,
    ...{ unit, promql },
    source: sourceView(answer),
    start: new Date(startMs).toISOString(),
    ...(leftOut !== undefined && { leftOut }),
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

/** Five digits say what a reader of numbers can use of one, at a third of its length. */
const briefly = (line: MetricLine): MetricLine => ({
  ...line,
  values: line.values.map((value) => (value === null ? null : Number(value.toPrecision(5)))),
});
