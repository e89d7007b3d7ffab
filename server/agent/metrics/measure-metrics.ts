import type { AgentContext } from "../kernel/context.ts";
import { toAppError } from "../kernel/errors.ts";
import { sourceView } from "../kernel/source-answer.ts";
import type { MetricLines, MetricQuery, MetricsSource } from "../ports/metrics-source.ts";
import type { Answer, TimeWindow } from "../ports/source.ts";
import type { MetricSliTemplate } from "../telemetry/config.ts";
import {
  allSignals,
  type Measured,
  type MeasuredRef,
  type MeasuredSignal,
  MOST_METRICS,
  unmeasured,
} from "./measured.ts";
import { ownQueries } from "./own-queries.ts";
import type { SignalName } from "./schema.ts";
import { serviceFilters } from "./service-filters.ts";
import { namesOf, planText, type SignalPlan, servedMetric, signalPlans } from "./sli-templates.ts";
import { type Grid, windowOfGrid } from "./steps.ts";

/** How far apart the samples are of what tells that a service served something; null where nothing is known. */
export async function servedDistance(
  ctx: AgentContext,
  source: MetricsSource,
  ref: MeasuredRef,
  template: MetricSliTemplate,
  window: TimeWindow,
): Promise<number | null> {
  const { items } = (await source.metrics({ service: ref.service, limit: MOST_METRICS })).data;
  const served = servedMetric(template, items);
  if (served === null) return null;
  const filters = serviceFilters(ctx.config, ref, source.info.address !== null);
  return source.sampleSeconds({ metric: served, filters, window });
}

/**
 * The signals of a service from metrics under a template's names, and from its own PromQL where the configuration has
 * some. A signal that cannot be measured carries the reason. @throws when nothing at all can be asked
 */
export async function measureMetrics(
  ctx: AgentContext,
  source: MetricsSource,
  ref: MeasuredRef,
  template: MetricSliTemplate,
  grid: Grid,
): Promise<Measured> {
  const listed = await source.metrics({ service: ref.service, limit: MOST_METRICS });
  const { items } = listed.data;
  const served = servedMetric(template, items);
  const labels = served === null ? null : await source.labels({ metric: served });
  const filters = serviceFilters(ctx.config, ref, source.info.address !== null);
  const plans = signalPlans(template, filters, { items, servedLabels: labels?.data ?? [] });
  // of what is filtered further, as failures are, there may be too few samples to tell
  const apart =
    served === null
      ? null
      : await source.sampleSeconds({ metric: served, filters, window: windowOfGrid(grid) }).catch(() => null);
  const reader = createReader(source, grid, apart ?? undefined);

  const found: Partial<Record<SignalName, MeasuredSignal>> = {};
  const own = ownQueries(ctx.config, ref);
  const work = [
    ...Object.entries(plans)
      .filter(([signal]) => !(signal in own) || source.promql === null)
      .map(([signal, plan]) => [signal as SignalName, () => reader.plan(plan)] as const),
    ...Object.entries(own)
      .filter(() => source.promql !== null)
      .map(([signal, query]) => [signal as SignalName, () => reader.expression(query.expression, query.unit)] as const),
  ];
  await Promise.all(
    work.map(async ([signal, measure]) => {
      found[signal] = await measure().catch((error) =>
        unmeasured(signal, grid.steps, toAppError(error).message, textOf(signal)),
      );
    }),
  );
  function textOf(signal: SignalName): string {
    const plan = plans[signal];
    return own[signal]?.expression ?? (plan ? reader.text(plan) : "");
  }
  const missing = (signal: SignalName): MeasuredSignal =>
    unmeasured(signal, grid.steps, whyMissing(template, signal, ref, served));
  return { source: sourceView(listed, ...reader.answers), signals: allSignals(found, missing) };
}

function whyMissing(template: MetricSliTemplate, signal: SignalName, ref: MeasuredRef, served: string | null): string {
  if (signal === "errorPercent" && served !== null)
    return `${served} has no label that tells how a request ended. Give queries.errorRatio in services[].telemetry.`;
  const names = namesOf(template, signal);
  return names.length === 0
    ? `the template ${template} does not have it`
    : `${ref.service} sends none of ${names.join(", ")}`;
}

/** Asks each query once, whoever needs it. */
function createReader(source: MetricsSource, grid: Grid, sampleSeconds: number | undefined) {
  const answers: Answer<MetricLines>[] = [];
  const asked = new Map<string, Promise<(number | null)[] | null>>();
  const write = (query: MetricQuery): string => source.toPromql({ ...query, sampleSeconds }, grid.stepSeconds);
  const frame = { sampleSeconds, window: windowOfGrid(grid), stepSeconds: grid.stepSeconds, limit: 1 };

  const firstLine = async (asking: Promise<Answer<MetricLines>>): Promise<(number | null)[] | null> => {
    const answer = await asking;
    answers.push(answer);
    return answer.data.lines[0]?.values ?? null;
  };
  const ask = (query: MetricQuery): Promise<(number | null)[] | null> => {
    const key = JSON.stringify(query);
    const values = asked.get(key) ?? firstLine(source.query({ ...query, ...frame }));
    asked.set(key, values);
    return values;
  };
  const nothing = (): null[] => new Array<null>(grid.steps).fill(null);
  return {
    answers,
    text: (plan: SignalPlan): string => planText(plan, write),
    async plan(plan: SignalPlan): Promise<MeasuredSignal> {
      const [top, bottom] = await Promise.all([ask(plan.top), plan.bottom ? ask(plan.bottom) : null]);
      const query = planText(plan, write);
      const promql = source.promql === null ? null : query;
      const values = combined(plan, top, bottom, grid) ?? nothing();
      const problem = values.some((value) => value !== null) ? null : "no samples in this window";
      return { unit: plan.unit, values, query, promql, problem };
    },
    async expression(expression: string, unit: MeasuredSignal["unit"]): Promise<MeasuredSignal> {
      const values = source.promql ? await firstLine(source.promql({ ...frame, expression })) : null;
      const problem = values?.some((value) => value !== null) ? null : "no samples in this window";
      return { unit, values: values ?? nothing(), query: expression, promql: expression, problem };
    },
  };
}

/** No failed series is no failure, as long as anything was served. */
function combined(
  { scale, bottom: divides, age }: SignalPlan,
  top: readonly (number | null)[] | null,
  bottom: readonly (number | null)[] | null,
  { startMs, stepSeconds }: Grid,
): (number | null)[] | null {
  if (age) return top?.map((at, i) => (at === null ? null : startMs / 1_000 + (i + 1) * stepSeconds - at)) ?? null;
  if (!divides) return top?.map((value) => (value === null ? null : value * scale)) ?? null;
  return bottom?.map((whole, i) => (whole ? (scale * (top?.[i] ?? 0)) / whole : null)) ?? null;
}
