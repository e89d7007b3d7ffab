import { AppError } from "../../agent/kernel/errors.ts";
import type { MetricLines, MetricQuery, MetricsSource } from "../../agent/ports/metrics-source.ts";
import type { Answer, TimeWindow } from "../../agent/ports/source.ts";
import { promqlOf, selector } from "../../agent/telemetry/promql.ts";
import { literally } from "../../agent/telemetry/query-text.ts";
import { createEndpoint, type EndpointOptions } from "../http/endpoint.ts";
import { createKept } from "../http/kept.ts";
import { createPrometheusClient } from "./client.ts";
import { linesOf, metricsOf, withBounds } from "./mapper.ts";
import { createScrapeDistances } from "./scrape-distance.ts";

export interface PrometheusOptions extends EndpointOptions {
  /** how often the source takes samples; rates look back four times as far, as Grafana's $__rate_interval */
  scrapeSeconds?: number;
  /** what picks out a service's series; default: the label `service` */
  labelsOf?: (service: string) => Record<string, string>;
  now?: () => Date;
}

/** the interval Grafana assumes of a Prometheus it knows nothing about */
const SCRAPE_SECONDS = 15;
/** Prometheus refuses more points a line than this */
const MOST_POINTS = 11_000;
/** names and labels are of series that had a sample since */
const KNOWN_SINCE_MS = 24 * 3_600_000;
/** what metrics mean changes with releases, and large servers have megabytes of it */
const METADATA_FOR_MS = 5 * 60_000;

/**
 * A MetricsSource on the HTTP API of Prometheus and of what speaks it: Mimir, Thanos, VictoriaMetrics. A step's value
 * is what the expression says at the step's end, so `rate` covers the step and not the time after it.
 */
export function createPrometheusSource(options: PrometheusOptions): MetricsSource {
  const { scrapeSeconds = SCRAPE_SECONDS, now = () => new Date() } = options;
  const labelsOf = options.labelsOf ?? ((service: string) => ({ service }));
  const endpoint = createEndpoint(options);
  const client = createPrometheusClient(endpoint);
  const metadata = createKept(() => client.metadata(), METADATA_FOR_MS, now);
  const distances = createScrapeDistances((query) => client.range(query), now);
  /** a scrape interval that is longer than the configured one would leave rates without two samples */
  const written = (query: MetricQuery, stepSeconds: number): string =>
    promqlOf(query, stepSeconds, Math.max(scrapeSeconds, query.sampleSeconds ?? 0, distances.known(query) ?? 0));
  const info = { kind: "prometheus" as const, address: endpoint.address };
  const answer = <T>(data: T): Answer<T> => ({ data, source: info, asOf: now().toISOString(), stale: false });
  const since = (): Date => new Date(now().getTime() - KNOWN_SINCE_MS);
  const seriesOf = (metric: string): string[] => [selector(metric, []), selector(`${metric}_bucket`, [])];

  const evaluate = async (
    query: { expression: string; window: TimeWindow; stepSeconds: number; limit: number },
    signal?: AbortSignal,
  ): Promise<Answer<MetricLines>> => {
    const { expression, window, stepSeconds, limit } = query;
    const startMs = window.from.getTime();
    const steps = Math.ceil((window.to.getTime() - startMs) / (stepSeconds * 1_000));
    if (steps > MOST_POINTS)
      throw new AppError(
        "INVALID",
        `${steps} points a line are more than ${MOST_POINTS}. Choose a longer step or a narrower window.`,
      );
    const empty: MetricLines = { stepSeconds, startMs, lines: [], total: 0 };
    if (steps <= 0) return answer(empty);
    const firstMs = startMs + stepSeconds * 1_000;
    const endMs = startMs + steps * stepSeconds * 1_000;
    const matrix = await client.range({ expression, startMs: firstMs, endMs, stepSeconds }, signal);
    const lines = linesOf(matrix, { firstMs, stepSeconds, steps });
    return answer({ ...empty, lines: lines.slice(0, limit), total: lines.length });
  };

  /** the buckets of which a quantile is made, with `le` among their labels */
  const bucketsOf = (query: Parameters<MetricsSource["query"]>[0]) => {
    const { metric, filters, window, stepSeconds } = query;
    const groupBy = [...query.groupBy, "le"];
    const sampleSeconds = query.sampleSeconds ?? distances.known(query) ?? undefined;
    const rate = { metric: `${metric}_bucket`, filters, groupBy, fn: "rate" as const, sampleSeconds };
    return { expression: written(rate, stepSeconds), window, stepSeconds, limit: Number.POSITIVE_INFINITY };
  };

  return {
    info,
    async metrics({ search, service, limit }) {
      const filters = [
        ...(search ? [{ label: "__name__", op: "=~" as const, value: `(?i).*${literally(search)}.*` }] : []),
        ...Object.entries(service ? labelsOf(service) : {}).map(([label, value]) => ({
          label,
          op: "=" as const,
          value,
        })),
      ];
      const matches = filters.length > 0 ? [selector("", filters)] : [];
      const [names, about] = await Promise.all([client.values("__name__", matches, since()), metadata()]);
      const items = metricsOf(names, about);
      return answer({ items: items.slice(0, limit), total: items.length });
    },
    async labels({ metric }) {
      const names = await client.labels(seriesOf(metric), since());
      return answer(names.filter((name) => name !== "__name__" && name !== "le").sort());
    },
    async labelValues({ metric, label, limit }) {
      const values = await client.values(label, seriesOf(metric), since());
      return answer(values.sort().slice(0, limit));
    },
    query: async (query, signal) => {
      // without the distance the figures are still worth asking for: what fails says so by itself
      if (query.fn !== "last") await distances.find(query).catch(() => null);
      const asked = evaluate({ ...query, expression: written(query, query.stepSeconds) }, signal);
      if (query.fn !== "quantile" || !query.withBounds) return asked;
      const [quantiles, buckets] = await Promise.all([asked, evaluate(bucketsOf(query), signal)]);
      return { ...quantiles, data: { ...quantiles.data, lines: withBounds(quantiles.data.lines, buckets.data.lines) } };
    },
    promql: evaluate,
    sampleSeconds: (query) => distances.find(query),
    toPromql: written,
  };
}
