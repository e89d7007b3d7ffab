import type { z } from "zod";
import { refuseUnknownFilter } from "../catalog/known-names.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import { sourceView } from "../kernel/source-answer.ts";
import type { MetricInfo } from "../ports/metrics-source.ts";
import { FUNCTIONS_OF } from "../telemetry/metric-functions.ts";
import { countWithin } from "../text/page-within.ts";
import { visibleText } from "../text/visible-line.ts";
import { keptNameStart } from "./kept-name.ts";
import type {
  LabelValuesInput,
  LabelValuesOutput,
  ListMetricsInput,
  ListMetricsOutput,
  MetricLabelsInput,
  MetricLabelsOutput,
} from "./schema.ts";

/** of an answer, for what stands around the items */
const FRAME_BYTES = 1_000;
const BRIEF_HELP = 120;
const LONGEST_HELP = 500;
const LONGEST_UNIT = 63;

/** Metrics by name, also by the one that OpenTelemetry has for it. As many as its reader takes in. @throws as MetricsSource does */
export async function listMetrics(
  ctx: AgentContext,
  input: z.output<typeof ListMetricsInput>,
): Promise<z.input<typeof ListMetricsOutput>> {
  authorize(ctx, "telemetry.read");
  const { search, service, limit } = input;
  const source = ctx.telemetry.metrics({ service, home: input.source });
  await refuseUnknownFilter(ctx, { service }, source);
  const asWritten = await source.metrics({ search, service, limit });
  const kept = asWritten.data.total === 0 && search ? keptNameStart(search) : null;
  const answer = kept ? await source.metrics({ search: kept, service, limit }) : asWritten;
  const { items, total } = answer.data;
  const shown = items.map((item) => readable(item, ctx.reader.brief ? BRIEF_HELP : LONGEST_HELP));
  const fitting = shown.slice(0, countWithin(shown, ctx.reader.bytes - FRAME_BYTES));
  return { total, source: sourceView(answer), items: fitting };
}

/** With the functions that its kind has; unit and help are whatever a sender makes them. */
const readable = (metric: MetricInfo, longestHelp: number) => ({
  ...metric,
  functions: [...FUNCTIONS_OF[metric.kind]],
  unit: visibleText(metric.unit, LONGEST_UNIT),
  help: visibleText(metric.help.replace(/\s+/g, " ").trim(), longestHelp),
});

export async function metricLabels(
  ctx: AgentContext,
  { metric, source: home }: z.output<typeof MetricLabelsInput>,
): Promise<z.input<typeof MetricLabelsOutput>> {
  authorize(ctx, "telemetry.read");
  const answer = await ctx.telemetry.metrics({ home }).labels({ metric });
  return { labels: answer.data, source: sourceView(answer) };
}

export async function labelValues(
  ctx: AgentContext,
  { metric, label, limit, source: home }: z.output<typeof LabelValuesInput>,
): Promise<z.input<typeof LabelValuesOutput>> {
  authorize(ctx, "telemetry.read");
  const answer = await ctx.telemetry.metrics({ home }).labelValues({ metric, label, limit });
  return { values: answer.data, source: sourceView(answer) };
}
