import type { MetricsSource } from "../../agent/ports/metrics-source.ts";
import { promqlOf } from "../../agent/telemetry/promql.ts";
import { listLabels, listLabelValues, listMetrics } from "../series/metric-catalog.ts";
import type { StoreParts } from "../write/record-writer.ts";
import { answered, BUILT_IN } from "./answer.ts";
import { queryMetrics } from "./query-metrics.ts";
import { sampleDistance } from "./sample-distance.ts";

/** what a Prometheus that scrapes the same targets would be set to */
const SCRAPE_SECONDS = 15;

export function createMetricsSource(parts: StoreParts): MetricsSource {
  const { database, now } = parts;
  return {
    info: BUILT_IN,
    metrics: async (query) => answered(await listMetrics(parts, query), now()),
    labels: async ({ metric }) => answered(await listLabels(database, metric), now()),
    labelValues: async (query) => answered(await listLabelValues(database, query), now()),
    query: async (query, signal) => answered(await queryMetrics(parts, query, signal), now()),
    sampleSeconds: (query) => sampleDistance(parts, query),
    promql: null,
    toPromql: (query, stepSeconds) => promqlOf(query, stepSeconds, SCRAPE_SECONDS),
  };
}
