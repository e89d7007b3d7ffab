import type { AgentContext } from "../kernel/context.ts";
import type { TimeWindow } from "../ports/source.ts";
import { measureMetrics } from "./measure-metrics.ts";
import { observedTemplate } from "./observed-template.ts";

/** What a service served by its metrics: counts of the window, latency in ms. */
interface ObservedFigures {
  requests: number;
  failed: number;
  p95Ms: number | null;
}

/**
 * Requests, failures and p95 of a service that is not configured, over one window, by the SLI template that fits what
 * it sends; null when no metric of it tells. @throws as the sources do
 */
export async function observedFigures(
  ctx: AgentContext,
  service: string,
  window: TimeWindow,
): Promise<ObservedFigures | null> {
  const template = await observedTemplate(ctx, service, window);
  if (template === null || template === "spans") return null;
  const stepSeconds = (window.to.getTime() - window.from.getTime()) / 1_000;
  const grid = { startMs: window.from.getTime(), stepSeconds, steps: 1 };
  const ref = { service, environment: undefined };
  const { signals } = await measureMetrics(ctx, ctx.telemetry.metrics({ service }), ref, template, grid);
  const rate = signals.requestRate.values[0] ?? null;
  if (rate === null) return null;
  const requests = Math.round(rate * stepSeconds);
  const failed = Math.round((requests * (signals.errorPercent.values[0] ?? 0)) / 100);
  return { requests, failed, p95Ms: signals.latencyP95Ms.values[0] ?? null };
}
