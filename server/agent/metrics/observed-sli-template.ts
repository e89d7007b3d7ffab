import { servicesHeard } from "../ingest/index.ts";
import type { AgentContext } from "../kernel/context.ts";
import type { TimeWindow } from "../ports/source.ts";
import { METRIC_SLI_TEMPLATES, type MetricSliTemplate } from "../telemetry/config.ts";
import { MOST_METRICS } from "./measured.ts";
import { servedMetric } from "./sli-templates.ts";

/**
 * The SLI template of a service that only its telemetry tells of: the first under whose names it counts what it served,
 * else what its process says of itself, else its spans, of which there may be none; null when nothing is known of it.
 * @throws as the sources do
 */
export async function observedSliTemplate(
  ctx: AgentContext,
  service: string,
  window: TimeWindow,
): Promise<MetricSliTemplate | "spans" | null> {
  const { telemetry } = ctx;
  const { data } = await telemetry.metrics({ service }).metrics({ service, limit: MOST_METRICS });
  const named = METRIC_SLI_TEMPLATES.find((template) => servedMetric(template, data.items) !== null);
  if (named) return named;
  const traced = await telemetry.traces({ service }).services(window);
  if (traced.data.includes(service)) return "spans";
  if (data.items.length > 0) return "otel-http";
  // one that sends nothing but logs, or sent its spans earlier
  if ((await servicesHeard(ctx)).some((one) => one.service === service)) return "spans";
  const origins = await telemetry.logs({ service }).origins({ window });
  return origins.data.some((one) => one.service === service) ? "spans" : null;
}
