import { z } from "zod";
import { InstanceView } from "../deploy/schema.ts";
import { HealthState } from "../health/schema.ts";
import { EnvironmentName, Instant, ServiceName } from "../kernel/schema.ts";

/** Traffic of the last minutes; every rate is null when nothing was counted (unknown, not zero). */
export const TrafficView = z.object({
  requestsPerSecond: z.number().nullable(),
  errorPercent: z
    .number()
    .nullable()
    .describe(
      "share that failed: 5xx, refused, timed out, broken off, or the client left after a long wait; null without requests",
    ),
  p95Ms: z.number().nullable(),
  requests: z.number().int().describe("the base of the percentage, in the last 60 s"),
  /** p95 over the last hour, one point a minute, oldest first; null is a gap */
  p95Series: z.array(z.number().nullable()),
});

export const ServiceRow = z.object({
  service: z.string(),
  environment: z.string(),
  owner: z.string(),
  health: HealthState,
  healthSince: Instant.nullable(),
  healthMessage: z.string().nullable(),
  causedBy: z.string().nullable(),
  currentVersion: z.string().nullable(),
  overloaded: z
    .object({ since: Instant, shed: z.number().int() })
    .nullable()
    .describe("its balancer turned requests away within the last 30 s: since when, and how many since"),
  /** every version that has instances, most first */
  versions: z.array(z.object({ version: z.string(), instances: z.number().int() })),
  instancesReady: z.number().int(),
  instancesWanted: z.number().int(),
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
  /** console path */
  href: z.string(),
});

export const ListServicesInput = z.object({ environment: EnvironmentName.optional() });
export const ListServicesOutput = z.object({
  /** one sentence of state for the whole (filtered) system */
  summary: z.string(),
  overall: HealthState,
  /** true while the built-in sample runs because no configuration was given */
  sample: z.boolean(),
  environments: z.array(z.string()),
  platformReachable: z.boolean(),
  rows: z.array(ServiceRow).describe("worst first"),
  changes: z.array(ChangeView).describe("last 6 h, newest first, at most 30"),
});
export type ListServicesOutput = z.infer<typeof ListServicesOutput>;

export const GetServiceInput = z.object({
  service: ServiceName,
  environment: EnvironmentName,
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
  versions: z.array(z.object({ version: z.string(), notes: z.string(), running: z.boolean() })),
  stepSeconds: z.number().int(),
  series: z.array(ServiceSeriesPoint).describe("oldest first, every bucket of the range; nulls are gaps"),
  /** deployments and the like in the range, for markers */
  changes: z.array(ChangeView),
});

export const InstanceLogsInput = z.object({
  service: ServiceName,
  environment: EnvironmentName,
  instanceId: z.string().max(80),
  lines: z.number().int().min(1).max(500).default(100),
});
export const InstanceLogsOutput = z.object({
  instanceId: z.string(),
  lines: z.array(z.object({ at: Instant, stream: z.enum(["stdout", "stderr"]), text: z.string() })),
});
