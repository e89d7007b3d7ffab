import { z } from "zod";
import { EnvironmentName, Id, Instant, ServiceName, Text } from "../kernel/schema.ts";
import { HEALTH_RANGES, HEALTH_STATES, LONGEST_REASON, MOST_TARGETS } from "./words.ts";

export const HealthState = z.enum(HEALTH_STATES);
export type HealthState = z.infer<typeof HealthState>;

export const HealthTargetView = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["http", "tcp", "dns", "disk"]),
  origin: z.enum(["endpoint", "service"]),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  address: z.string().describe("what is asked, without secrets"),
  state: HealthState,
  stateSince: Instant.nullable().describe("from when this state holds; null: not known"),
  stateAtLeastSince: Instant.nullable().describe("it holds since then at least; set where stateSince is not known"),
  flapping: z.boolean(),
  flappingReason: z.string().nullable().describe("the rule that set the flag"),
  message: z.string().nullable().describe("what is wrong, with its numbers; else what the last check found"),
  causedBy: z.string().nullable().describe("name of the dependency whose failure explains this one"),
  muted: z.boolean(),
  maintenanceUntil: Instant.nullable(),
  lastCheckedAt: Instant.nullable(),
  lastLatencyMs: z.number().nullable(),
  intervalMs: z.number().int(),
  consecutiveFailures: z.number().int(),
  failureThreshold: z.number().int(),
  uptimePercent24h: z.number().nullable().describe("by its probe, of watchedSeconds24h; null: no result in that time"),
  watchedSeconds24h: z.number().int().describe("base of uptimePercent24h: how much of the last 24 h was checked"),
  latencyP50Ms: z.number().nullable().describe("last 24 h"),
  latencyP95Ms: z.number().nullable().describe("last 24 h"),
});
export type HealthTargetView = z.infer<typeof HealthTargetView>;

/** All optional: without any, everything that is checked. */
export const MonitorHealthInput = z.object({
  service: ServiceName.optional(),
  environment: EnvironmentName.optional(),
  state: z.array(HealthState).max(20).optional().describe("only targets in one of these states"),
  limit: z.number().int().min(1).max(MOST_TARGETS).default(100),
  offset: z.number().int().min(0).default(0),
});
export const MonitorHealthOutput = z.object({
  overall: HealthState,
  summary: z.string().describe("one sentence: what is down, what is only a consequence"),
  unknown: z.array(z.string()).describe("what counts and is unknown: why overall is"),
  counts: z.record(HealthState, z.number().int()),
  checkedAt: Instant,
  targets: z.array(HealthTargetView).describe("worst first"),
  total: z.number().int().describe("number that match, of which `targets` is one page"),
});
export type MonitorHealthOutput = z.infer<typeof MonitorHealthOutput>;

export const HealthHistoryInput = z.object({ targetId: Id, range: z.enum(HEALTH_RANGES).default("24h") });
export const HealthHistoryOutput = z.object({
  target: HealthTargetView,
  range: z.enum(HEALTH_RANGES),
  stepSeconds: z.number().int(),
  uptimePercent: z.number().nullable().describe("by its probe: requests of users that failed are not in it"),
  checks: z.number().int().describe("results in the range, the base of uptimePercent"),
  watchedSeconds: z.number().int().describe("how much of the range was checked: 100 % of 20 min is not 100 % of a day"),
  latencyP50Ms: z.number().nullable(),
  latencyP95Ms: z.number().nullable(),
  latencyP99Ms: z.number().nullable(),
  /** every bucket of the range in order, for tools from the first result on; one without results has nulls and zero counts */
  buckets: z.array(
    z.object({
      t: Instant,
      up: z.number().int(),
      degraded: z.number().int(),
      down: z.number().int(),
      p50Ms: z.number().nullable(),
      p95Ms: z.number().nullable(),
    }),
  ),
});
export type HealthHistoryOutput = z.infer<typeof HealthHistoryOutput>;

export const SetMaintenanceInput = z.object({
  targetId: Id,
  minutes: z.number().int().min(0).max(10_080).describe("0 ends it"),
  reason: Text(LONGEST_REASON, 1),
});
export const SetMutedInput = z.object({ targetId: Id, muted: z.boolean() });
