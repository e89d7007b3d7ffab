import { z } from "zod";
import { InstanceView } from "../deploy/schema.ts";
import { HealthState } from "../health/schema.ts";
import { EnvironmentName, Id, Instant, ServiceName } from "../kernel/schema.ts";

/** Traffic of the last minutes; every rate is null when nothing was counted (unknown, not zero). */
export const TrafficView = z.object({
  requestsPerSecond: z.number().nullable().describe("over `overSeconds`, else over `seconds`"),
  overSeconds: z.number().nullable().describe("measured part of `seconds`; null: all"),
  errorPercent: z
    .number()
    .nullable()
    .describe("5xx, refused, timed out, broken off, or left after a long wait; null without requests"),
  p95Ms: z.number().nullable(),
  p95Requests: z.number().optional().describe("answered or given up"),
  p95GaveUp: z.number().optional().describe("count as at least so long"),
  p95IsLeast: z.boolean().optional(),
  requests: z.number().int().describe("errorPercent's base, in `seconds`"),
  seconds: z.number().int().describe("of figures and status"),
  late: z.number().optional().describe("requests that hang now, in no other figure yet"),
  p95Series: z
    .array(z.number().nullable())
    .describe("by the minute of the last hour, oldest first; null: a gap. Tools: newest 12 without gaps"),
});

/** One thing that is wrong, with its number and its base. */
export const StatusReason = z.object({
  kind: z.enum(["probe", "platform", "errors", "latency", "late", "decision", "data"]),
  state: HealthState.describe("what this alone makes of the service"),
  message: z.string().describe("as in: 91 % of 1,240 requests failed in 5 min"),
});
export type StatusReason = z.infer<typeof StatusReason>;

/** A figure beyond its limit that makes no state, with why. */
export const UnjudgedFigure = z.object({
  kind: z.enum(["errors", "latency"]),
  why: z.enum(["few", "over"]),
  message: z.string(),
});
export type UnjudgedFigure = z.infer<typeof UnjudgedFigure>;

export const ServiceRow = z.object({
  service: z.string(),
  environment: z
    .string()
    .nullable()
    .describe("null for one that only its telemetry tells of: all environments together"),
  origin: z
    .enum(["configured", "kept", "observed"])
    .describe("kept: no longer configured, and runs on; observed: not configured, only its telemetry tells of it"),
  lastSeen: Instant.nullable().describe("of an observed service: when telemetry last came from it"),
  owner: z.string(),
  health: HealthState.describe("the worst of its check, errors, latency, and what waits for a decision"),
  reasons: z.array(StatusReason).describe("why it is not up, worst first"),
  unjudged: z.array(UnjudgedFigure).describe("figures beyond a limit that make no state"),
  healthSince: Instant.nullable().describe(
    "by when it was seen to be so; from requests, the end of the 10 s or minute in which they first were beyond a limit",
  ),
  healthAtLeastSince: Instant.nullable().describe("it is so since then at least; set where healthSince is null"),
  healthMessage: z.string().nullable().describe("the reasons in one line"),
  notice: z.string().nullable().describe("what runs here though it left the configuration"),
  causedBy: z.string().nullable(),
  currentVersion: z.string().nullable(),
  overloaded: z
    .object({ since: Instant, shed: z.number().int() })
    .nullable()
    .describe("its balancer turned requests away in the last 30 s: since when, how many"),
  /** every version that has instances, most first */
  versions: z.array(z.object({ version: z.string(), instances: z.number().int() })),
  instancesReady: z.number().nullable(),
  instancesWanted: z.number().nullable().describe("more are ready while versions overlap"),
  traffic: TrafficView,
  openIncident: z
    .object({ id: z.string(), label: z.string(), severity: z.string(), status: z.string(), openedAt: Instant })
    .nullable(),
  activeDeployment: z
    .object({
      id: z.string(),
      version: z.string(),
      summary: z.string(),
      weight: z.number().nullable().describe("percent of the requests the new version is to have; null: evenly"),
      waiting: z.boolean().describe("it waits for a person to decide"),
    })
    .nullable(),
});
export type ServiceRow = z.infer<typeof ServiceRow>;

export const ChangeView = z.object({
  at: Instant,
  kind: z.enum(["deployment", "incident", "health"]),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  title: z.string(),
  level: z.enum(["info", "ok", "warning", "error"]),
  /** what it came to: a deployment's status, the severity of an incident or "resolved", the state of a check */
  state: z.string(),
  /** console path */
  href: z.string(),
});

export const ListServicesInput = z.object({
  environment: EnvironmentName.optional(),
  limit: z.number().int().min(1).max(1_000).optional(),
  offset: z.number().int().min(0).optional(),
});
export const ListServicesOutput = z.object({
  /** one sentence of state for the whole (filtered) system */
  summary: z.string(),
  overall: HealthState,
  /** true while the built-in sample runs because no configuration was given */
  sample: z.boolean(),
  environments: z.array(z.string()),
  platformReachable: z.boolean(),
  rows: z.array(ServiceRow).describe("worst first"),
  total: z.number().int().describe("rows there are, also outside of limit and offset"),
  changes: z.array(ChangeView).describe("last 6 h, newest first, at most 30"),
});
export type ListServicesOutput = z.infer<typeof ListServicesOutput>;

export const GetServiceInput = z.object({
  service: ServiceName,
  environment: EnvironmentName.optional().describe("needed where it runs in several"),
  range: z.enum(["15m", "1h", "6h", "24h"]).default("1h"),
});
export const ServiceSeriesPoint = z.object({
  t: Instant,
  requestsPerSecond: z.number().nullable(),
  errorPercent: z.number().nullable(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
});
export const GetServiceOutput = z.object({
  row: ServiceRow,
  description: z.string(),
  url: z.string().nullable(),
  dependsOn: z.array(z.string()),
  usedBy: z.array(z.string()),
  instances: z.array(InstanceView),
  versions: z.array(
    z.object({
      version: z.string(),
      notes: z.string(),
      running: z.boolean(),
      configured: z.boolean().describe("false: no longer configured, kept because it runs"),
    }),
  ),
  stepSeconds: z.number().int(),
  series: z
    .array(ServiceSeriesPoint)
    .describe(
      "oldest first, every bucket of the range, for tools from the first count on; nulls are gaps; empty for an observed service",
    ),
  /** deployments and the like in the range, for markers */
  changes: z.array(ChangeView),
});

export const InstanceLogsInput = z.object({
  service: ServiceName,
  environment: EnvironmentName,
  instanceId: Id,
  lines: z.number().int().min(1).max(500).default(100),
});
export const InstanceLogsOutput = z.object({
  instanceId: z.string(),
  lines: z.array(z.object({ at: Instant, stream: z.enum(["stdout", "stderr"]), text: z.string() })),
});
