import { z } from "zod";
import { HealthState } from "../health/schema.ts";
import { Cursor, EnvironmentName, Instant, ServiceName, Text, TraceId } from "../kernel/schema.ts";
import { HomeName, SourceView, WindowInput } from "../telemetry/telemetry-schema.ts";
import { LONGEST_OPERATION, LONGEST_VERSION, MAP_RANGES, MOST_SPANS } from "./words.ts";

/** Inputs and outputs of traces and the service map. Safe in a browser. */

export const ListTracesInput = z.object({
  ...WindowInput,
  service: ServiceName.optional(),
  environment: EnvironmentName.optional(),
  operation: Text(LONGEST_OPERATION).optional().describe("name of a span of that service"),
  version: Text(LONGEST_VERSION).optional(),
  minDurationMs: z.number().nonnegative().optional(),
  maxDurationMs: z.number().nonnegative().optional(),
  onlyErrors: z.boolean().default(false),
  limit: z.number().int().min(1).max(200).default(50),
  cursor: Cursor.optional(),
  source: HomeName.optional(),
});
export const TraceSummaryView = z.object({
  traceId: z.string(),
  rootService: z.string(),
  rootName: z.string(),
  startAt: Instant,
  durationMs: z.number().describe("of its root: what went on after the answer is not in it"),
  spans: z.number().int(),
  errors: z.number().int(),
  services: z.array(z.string()),
});
export const ListTracesOutput = z.object({
  source: SourceView,
  nextCursor: z.string().nullable(),
  items: z.array(TraceSummaryView).describe("newest first"),
});

export const TraceFacetsInput = z.object({
  ...WindowInput,
  service: ServiceName.optional(),
  source: HomeName.optional(),
});
export const TraceFacetsOutput = z.object({
  services: z.array(z.string()),
  operations: z.array(z.string()).describe("of the service, when one is given"),
  source: SourceView,
});

export const SpanView = z.object({
  spanId: z.string(),
  parentSpanId: z.string().nullable(),
  depth: z.number().int().describe("0: no parent in this trace"),
  service: z.string(),
  version: z.string(),
  instance: z.string(),
  name: z.string(),
  kind: z.enum(["internal", "server", "client", "producer", "consumer"]),
  status: z.enum(["unset", "ok", "error"]),
  statusMessage: z.string(),
  startOffsetMs: z.number().describe("from the trace's start"),
  durationMs: z.number(),
  selfMs: z.number().describe("not covered by children"),
  onCriticalPath: z.boolean(),
  attributes: z.record(z.string(), z.unknown()),
  events: z.array(z.object({ offsetMs: z.number(), name: z.string(), attributes: z.record(z.string(), z.unknown()) })),
  links: z
    .array(z.object({ traceId: z.string(), spanId: z.string(), attributes: z.record(z.string(), z.unknown()) }))
    .describe("spans it has to do with but is no child of, mostly of other traces"),
});
export type SpanView = z.infer<typeof SpanView>;

export const GetTraceInput = z.object({
  traceId: TraceId.toLowerCase(),
  service: ServiceName.optional().describe("decides the source"),
  limit: z.number().int().min(1).max(MOST_SPANS).default(200).describe("spans at most: the slowest and failed stay"),
  source: HomeName.optional(),
});
export const GetTraceOutput = z.object({
  traceId: z.string(),
  summary: z.string().describe("where the time went and what failed, in one sentence"),
  startAt: Instant,
  durationMs: z.number().describe("of its root: what went on after the answer is not in it"),
  answeredMs: z.number().describe("when the root ended, from startAt"),
  extentMs: z.number().describe("until the last span ended, from startAt"),
  spanCount: z.number().int(),
  errorCount: z.number().int(),
  truncated: z.boolean(),
  source: SourceView,
  services: z.array(
    z.object({
      ...{ service: z.string(), spans: z.number().int() },
      selfMs: z.number().describe("own time until the answer"),
      afterMs: z.number().describe("own time after it"),
    }),
  ),
  environment: z.string(),
  linkedFrom: z
    .array(
      z.object({
        ...{ traceId: z.string(), spanId: z.string(), service: z.string(), name: z.string(), startAt: Instant },
        toSpanIds: z.array(z.string()).describe("the spans of this trace it links to"),
      }),
    )
    .nullable()
    .describe("spans that link to this trace, newest first; null: the source cannot look for them"),
  spans: z.array(SpanView).describe("in the order of a waterfall: each before its children, by start"),
});
export type GetTraceOutput = z.infer<typeof GetTraceOutput>;

export const ServiceMapInput = z.object({
  environment: EnvironmentName.optional(),
  range: z.enum(MAP_RANGES).default("15m"),
});
const Figures = {
  requestsPerSecond: z.number().nullable().describe("null: not known"),
  overSeconds: z
    .number()
    .nullable()
    .describe("seconds that the rate is over, where less than the range was measured; null: over all of it"),
  errorPercent: z.number().nullable(),
  p95Ms: z.number().nullable(),
  requests: z.number().int().describe("the base of the percentage"),
};
export const ServiceMapOutput = z.object({
  summary: z.string(),
  environment: z.string().nullable(),
  source: SourceView,
  truncated: z.boolean().describe("true: the healthiest and least called are left out"),
  nodes: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      kind: z.enum(["service", "external"]).describe("external: called, but sends no spans itself"),
      configured: z.boolean(),
      health: HealthState.nullable(),
      causedBy: z.string().nullable().describe("the hurt dependency at the root of it"),
      version: z.string().nullable(),
      ...Figures,
    }),
  ),
  edges: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      seen: z.boolean().describe("in traces of the range"),
      configured: z.boolean().describe("dependsOn says so"),
      ...Figures,
    }),
  ),
});
export type ServiceMapOutput = z.infer<typeof ServiceMapOutput>;
