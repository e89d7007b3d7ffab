import { z } from "zod";
import { checkReferences } from "./config-references.ts";
import { RemovedServicesSchema, ServiceSchema } from "./config-services.ts";
import { Cron, HttpUrl, Name, RequestPath, readBy } from "./config-values.ts";
import { DeploymentConfigSchema } from "./deploy/config.ts";
import { HealthSettings } from "./health/config.ts";
import { AlertingConfigSchema } from "./incidents/config.ts";
import { parseRange } from "./kernel/address-range.ts";
import { TelemetrySettings } from "./telemetry/config.ts";

/**
 * `operate.config.yaml`, composed of the sections of capabilities (`<capability>/config.ts`). Every key has a default, so
 * an empty file is a valid start. Sections of capabilities that are not built yet stand here.
 */

const Severity = z.enum(["low", "medium", "high", "critical"]);
const Percent = z.number().min(0).max(100);

const ScalingConfigSchema = z
  .strictObject({
    minInstances: z.number().int().min(1).default(1),
    maxInstances: z.number().int().min(1).default(10),
    targetCpuPercent: Percent.default(70),
    targetMemoryPercent: Percent.default(80),
    scaleUpCooldown: z.number().nonnegative().default(60),
    scaleDownCooldown: z.number().nonnegative().default(300),
  })
  .refine(({ minInstances, maxInstances }) => minInstances <= maxInstances, {
    path: ["maxInstances"],
    error: "below minInstances; raise it, or lower minInstances",
  });

const SecurityConfigSchema = z.strictObject({
  scanSchedule: Cron.default("0 3 * * *"),
  vulnerabilityThreshold: Severity.default("high"),
  complianceFrameworks: z.array(z.string()).default([]),
  securityEndpoints: z.array(HttpUrl).default([]),
});

const CostConfigSchema = z.strictObject({
  budgetLimit: z.number().nonnegative().default(0),
  costCenter: z.string().default(""),
  optimizationTargets: z.array(z.string()).default([]),
  reportingSchedule: Cron.default("0 8 * * 1"),
});

const SloConfigSchema = z.strictObject({
  availability: Percent.default(99.9),
  latencyP95Ms: z.number().positive().default(500),
  errorRatePercent: Percent.default(1),
  throughputRps: z.number().nonnegative().default(0),
  evaluationWindow: z
    .string()
    .regex(/^[1-9]\d{0,3}[hdw]$/, "a number from 1 to 9999 and h, d or w, as in 30d")
    .default("30d"),
});

const ChaosConfigSchema = z.strictObject({
  enabled: z.boolean().default(false),
  schedule: Cron.optional(),
  experiments: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(80),
        type: z.enum(["pod-failure", "network-latency", "cpu-stress", "memory-stress"]),
        targets: z.array(z.string()),
        duration: z.number().positive(),
        intensity: Percent,
      }),
    )
    .default([]),
  safetyLimits: z
    .strictObject({
      maxErrorRate: Percent.default(5),
      maxLatencyMs: z.number().positive().default(1_000),
      minHealthyInstances: z.number().int().min(0).default(1),
    })
    .prefault({}),
});

const Range = readBy(parseRange, "an address range, as 10.0.0.0/8 or fd00::/8, or one address");
const OutboundSchema = z.strictObject({
  allow: z.array(Range).default([]).describe("CIDR ranges of private addresses that checks may reach"),
  deny: z.array(Range).default([]).describe("CIDR ranges never reached, wins over allow"),
});

const TrafficSchema = z.strictObject({
  service: Name,
  environment: Name,
  requestsPerSecond: z.number().min(0).max(500).default(10),
  paths: z.array(RequestPath).min(1).default(["/"]),
});

export const OperateAgentConfigSchema = z
  .strictObject({
    deploymentConfig: DeploymentConfigSchema.prefault({}),
    monitoringConfig: z.strictObject({ ...TelemetrySettings, ...HealthSettings }).prefault({}),
    alertingConfig: AlertingConfigSchema.prefault({}),
    scalingConfig: ScalingConfigSchema.prefault({}),
    securityConfig: SecurityConfigSchema.prefault({}),
    costConfig: CostConfigSchema.prefault({}),
    sloConfig: SloConfigSchema.prefault({}),
    chaosConfig: ChaosConfigSchema.prefault({}),
    services: z.array(ServiceSchema).default([]),
    removedServices: RemovedServicesSchema,
    outbound: OutboundSchema.prefault({}),
    traffic: z.array(TrafficSchema).default([]).describe("built-in traffic generator, for samples and rehearsals"),
  })
  .superRefine(checkReferences);

/** The configuration with every default filled in. */
export type OperateAgentConfig = z.infer<typeof OperateAgentConfigSchema>;
/** The configuration as it is written: everything optional. */
export type OperateAgentConfigInput = z.input<typeof OperateAgentConfigSchema>;
