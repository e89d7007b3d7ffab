import { labelValues, listMetrics, metricLabels, queryMetrics, serviceSignals } from "../agent/metrics/index.ts";
import {
  LabelValuesInput,
  LabelValuesOutput,
  ListMetricsInput,
  ListMetricsOutput,
  MetricLabelsInput,
  MetricLabelsOutput,
  QueryMetricsInput,
  QueryMetricsOutput,
  ServiceSignalsInput,
  ServiceSignalsOutput,
} from "../agent/metrics/schema.ts";
import { untilEnded } from "./rights.ts";
import { procedure, router } from "./trpc.ts";

export const metricsRouter = router({
  list: procedure
    .meta({
      permission: "telemetry.read",
      mcp: {
        name: "list_metrics",
        title: "List metrics",
        description:
          "Names of the metrics there are, with kind (counter, gauge, histogram), unit, meaning and the functions query_metrics takes; a histogram is listed once, without _bucket, _sum and _count. Search by a part of the name, or pass service for those a service sends. Use it before query_metrics, which wants the exact name. total counts all that match; when items holds fewer, search for more of the name. stale true: the source is away, and this is what it said last.",
        destructive: false,
        idempotent: true,
        openWorld: true,
        outsideText: true,
      },
    })
    .input(ListMetricsInput)
    .output(ListMetricsOutput)
    .query(({ ctx, input }) => listMetrics(ctx.agent, input)),
  labels: procedure
    .meta({ permission: "telemetry.read" })
    .input(MetricLabelsInput)
    .output(MetricLabelsOutput)
    .query(({ ctx, input }) => metricLabels(ctx.agent, input)),
  labelValues: procedure
    .meta({ permission: "telemetry.read" })
    .input(LabelValuesInput)
    .output(LabelValuesOutput)
    .query(({ ctx, input }) => labelValues(ctx.agent, input)),
  query: procedure
    .meta({
      permission: "telemetry.read",
      mcp: {
        name: "query_metrics",
        title: "Query a metric",
        description:
          'One metric over a window as lines of numbers, one value a step, with last, min, avg and max of each line; null is a gap, never zero. The function follows from the kind: rate (per second) for counters, the 0.95 quantile for histograms, avg for gauges; set fn for another. Of a histogram rate, increase and count are of its observations, sum of their values, avg is their mean. partial says until when the answer is whole, and why. groupBy splits into lines (groupBy: ["version"] compares versions), filters and service narrow down; without groupBy there is one line over all series. Lines come largest first, total counts them all; truncated: some were left out, so filter or group by fewer labels. For requests, errors and latency of a service start with get_service, for two versions use compare_versions.',
        destructive: false,
        idempotent: true,
        openWorld: true,
        outsideText: true,
      },
    })
    .input(QueryMetricsInput)
    .output(QueryMetricsOutput)
    .query(({ ctx, input, signal }) => queryMetrics(ctx.agent, input, untilEnded(ctx, signal))),
  signals: procedure
    .meta({ permission: "telemetry.read" })
    .input(ServiceSignalsInput)
    .output(ServiceSignalsOutput)
    .query(({ ctx, input }) => serviceSignals(ctx.agent, input)),
});
