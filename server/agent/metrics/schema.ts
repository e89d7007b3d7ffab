import { z } from "zod";
import { EnvironmentName, Instant, ServiceName, Text } from "../kernel/schema.ts";
import { METRIC_FUNCTION_NAMES, METRIC_KINDS } from "../telemetry/metric-functions.ts";
import { HomeName, Points, SourceView, WindowInput } from "../telemetry/telemetry-schema.ts";
import {
  FILTER_OPS,
  LONGEST_NAME,
  LONGEST_PROMQL,
  LONGEST_VALUE,
  MOST_FILTERS,
  MOST_GROUPS,
  SIGNALS,
} from "./words.ts";

/** Inputs and outputs of metrics. Safe in a browser. */

const MetricName = Text(LONGEST_NAME, 1);
const LabelName = Text(LONGEST_NAME, 1);
export const LabelFilterInput = z.object({
  label: LabelName,
  op: z.enum(FILTER_OPS).default("=").describe("=~ and !~ are anchored regular expressions"),
  value: Text(LONGEST_VALUE),
});
export const ListMetricsInput = z.object({
  search: Text(LONGEST_NAME).optional().describe("part of a name"),
  service: ServiceName.optional(),
  limit: z.number().int().min(1).max(500).default(100),
  source: HomeName.optional(),
});
export const ListMetricsOutput = z.object({
  total: z.number().int(),
  source: SourceView,
  items: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(METRIC_KINDS),
      functions: z.array(z.enum(METRIC_FUNCTION_NAMES)).describe("what fn may be of it, the usual one first"),
      unit: z.string(),
      help: z.string(),
      series: z.number().int().nullable(),
    }),
  ),
});

export const MetricLabelsInput = z.object({ metric: MetricName, source: HomeName.optional() });
export const MetricLabelsOutput = z.object({ labels: z.array(z.string()), source: SourceView });
export const LabelValuesInput = z.object({
  metric: MetricName,
  label: LabelName,
  limit: z.number().int().min(1).max(1_000).default(200),
  source: HomeName.optional(),
});
export const LabelValuesOutput = z.object({ values: z.array(z.string()), source: SourceView });

export const QueryMetricsInput = z.object({
  ...WindowInput,
  metric: MetricName.optional().describe("a metric of list_metrics; a histogram without _bucket"),
  promql: Text(LONGEST_PROMQL, 1).optional().describe("instead of metric, where the source speaks PromQL"),
  filters: z.array(LabelFilterInput).max(MOST_FILTERS).default([]),
  groupBy: z.array(LabelName).max(MOST_GROUPS).default([]),
  fn: z.enum(METRIC_FUNCTION_NAMES).optional().describe("one of its functions in list_metrics"),
  quantile: z.number().min(0).max(1).default(0.95),
  service: ServiceName.optional().describe("a filter, and decides the source"),
  environment: EnvironmentName.optional(),
  stepSeconds: z.number().int().min(1).max(86_400).optional().describe("default: about 120 points"),
  limit: z.number().int().min(1).max(100).default(20).describe("lines at most"),
  source: HomeName.optional(),
});
const Partial = z
  .object({ until: Instant, why: z.string() })
  .nullable()
  .describe("the answer ends before the window does: when and why; null when it is whole");
export const QueryMetricsOutput = z.object({
  total: z.number().int().describe("lines in all"),
  truncated: z.boolean(),
  stepSeconds: z.number().int(),
  unit: z.string(),
  promql: z.string().describe("what was asked, in PromQL"),
  source: SourceView,
  start: Instant.describe("of the first step"),
  partial: Partial,
  leftOut: z.number().int().optional().describe("gauges of that name, without a rate"),
  lines: z.array(
    z.object({
      labels: z.record(z.string(), z.string()),
      last: z.number().nullable(),
      min: z.number().nullable(),
      avg: z.number().nullable(),
      max: z.number().nullable(),
      values: Points,
    }),
  ),
});

export type SignalName = (typeof SIGNALS)[number];

export const ServiceSignalsInput = z.object({
  ...WindowInput,
  service: ServiceName,
  environment: EnvironmentName.optional().describe("all together without; a configured service needs one"),
  compareBefore: z.boolean().default(false).describe("the equal window before, too"),
});
export const SignalView = z.object({
  signal: z.enum(SIGNALS),
  unit: z.enum(["per-second", "percent", "ms", "bytes", "requests", "seconds", "ratio"]),
  values: Points,
  before: Points.nullable(),
  /** how it was asked: PromQL, or what was counted */
  query: z.string(),
  grafanaHref: z.string().nullable(),
  problem: z.string().nullable().describe("why there are no values"),
});
export const ServiceSignalsOutput = z.object({
  template: z.string().describe("which SLI template answered"),
  source: SourceView,
  stepSeconds: z.number().int(),
  start: Instant,
  partial: Partial,
  signals: z.array(SignalView),
  markers: z.array(z.object({ at: Instant, label: z.string(), href: z.string(), level: z.string() })),
});
export type ServiceSignalsOutput = z.infer<typeof ServiceSignalsOutput>;
