import type { AgentContext } from "../kernel/context.ts";
import type { TimeWindow } from "../ports/source.ts";
import { MOST_METRICS } from "./measured.ts";
import { METRIC_TEMPLATES, type MetricTemplate, servedMetric } from "./sli-templates.ts";

/**
 * The SLI template of a service that only its telemetry tells of: the first under whose names it counts what it served,
 * else its spans, else what its process says of itself; null when nothing is known of it. @throws as the sources do
 */
export async function observedTemplate(
  { telemetry }: AgentContext,
  service: string,
  window: TimeWindow,
): Promise<MetricTemplate | "spans" | null> {
  const { data } = await telemetry.metrics({ service }).metrics({ service, limit: MOST_METRICS });
  const named = METRIC_TEMPLATES.find((template) => servedMetric(template, data.items) !== null);
  if (named) return named;
  const traced = await telemetry.traces({ service }).services(window);
  if (traced.data.includes(service)) return "spans";
  return data.items.length > 0 ? "otel-http" : null;
}
