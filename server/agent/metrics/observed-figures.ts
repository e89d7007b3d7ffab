import type { LabelFilter, MetricQuery, MetricsSource } from "../ports/metrics-source.ts";
import type { TimeWindow } from "../ports/source.ts";
import { MOST_METRICS } from "./measured.ts";
import { type ServedMetric, servedMetrics } from "./sli-templates.ts";

/** What a service served by its metrics: counts of the window. */
export interface ObservedCounts {
  requests: number;
  failed: number;
}

/** a line per service and outcome, of all services */
const MOST_LINES = 100_000;

/** All services at once, in one step: a query per metric, however many services have it. */
function askerOf(source: MetricsSource, window: TimeWindow, environment: string | undefined) {
  const filters: LabelFilter[] =
    environment === undefined ? [] : [{ label: "environment", op: "=", value: environment }];
  const stepSeconds = (window.to.getTime() - window.from.getTime()) / 1_000;
  return async (query: Omit<MetricQuery, "filters" | "groupBy">, labels: readonly string[] = []) => {
    const asked = { ...query, filters, groupBy: ["service", ...labels], window, stepSeconds, limit: MOST_LINES };
    const { data } = await source.query(asked);
    return data.lines.flatMap(({ labels: { service = "", ...rest }, values: [value = null] }) =>
      service === "" || value === null ? [] : [{ service, outcomes: rest, value }],
    );
  };
}

const servedOf = async (source: MetricsSource): Promise<ServedMetric[]> =>
  servedMetrics((await source.metrics({ limit: MOST_METRICS })).data.items);

/**
 * Requests and failures of every service that a source has metrics of, over one window, under the names of the first SLI
 * template that counted some of it. @throws as the source does
 */
export async function observedCounts(
  source: MetricsSource,
  window: TimeWindow,
  environment: string | undefined,
): Promise<Map<string, ObservedCounts>> {
  const ask = askerOf(source, window, environment);
  const seconds = (window.to.getTime() - window.from.getTime()) / 1_000;
  const counted = await Promise.all(
    (await servedOf(source)).map(async ({ metric, labels, hasFailed }) => {
      const known = (await source.labels({ metric })).data;
      const there = labels.filter((label) => known.includes(label));
      const counts = new Map<string, ObservedCounts>();
      for (const { service, outcomes, value } of await ask({ metric, fn: "rate" }, there)) {
        const count = counts.get(service) ?? { requests: 0, failed: 0 };
        const outcome = there.map((label) => outcomes[label] ?? "").find((text) => text !== "");
        count.requests += value * seconds;
        if (outcome !== undefined && hasFailed(outcome)) count.failed += value * seconds;
        counts.set(service, count);
      }
      return counts;
    }),
  );
  const found = new Map<string, ObservedCounts>();
  for (const counts of counted)
    for (const [service, { requests, failed }] of counts)
      if ((found.get(service)?.requests ?? 0) === 0)
        found.set(service, { requests: Math.round(requests), failed: Math.round(failed) });
  return found;
}

/** The 95th percentile of latency in ms of every service that has a histogram of it. @throws as the source does */
export async function observedLatencies(
  source: MetricsSource,
  window: TimeWindow,
  environment: string | undefined,
): Promise<Map<string, number>> {
  const ask = askerOf(source, window, environment);
  const durations = (await servedOf(source)).flatMap((one) => one.durations);
  const named = new Map(durations.map((one) => [one.metric, one.toMs]));
  const asked = [...named].map(async ([metric, toMs]) =>
    (await ask({ metric, fn: "quantile", quantile: 0.95 })).map(
      ({ service, value }) => [service, value * toMs] as const,
    ),
  );
  const found = new Map<string, number>();
  for (const lines of await Promise.all(asked))
    for (const [service, ms] of lines) if (!found.has(service)) found.set(service, ms);
  return found;
}
