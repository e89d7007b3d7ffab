import { z } from "zod";
import { VersionName } from "../config-services.ts";
import { ActorRef, EnvironmentName, Instant, PageInput, pageOf, ServiceName } from "../kernel/schema.ts";

export const DEPLOYMENT_STATUSES = [
  "queued",
  "running",
  "rolling_back",
  "succeeded",
  "rolled_back",
  "failed",
  "cancelled",
] as const;
export const DeploymentStatus = z.enum(DEPLOYMENT_STATUSES);
export type DeploymentStatus = z.infer<typeof DeploymentStatus>;
export const ACTIVE_STATUSES = ["queued", "running", "rolling_back"] as const satisfies readonly DeploymentStatus[];

/** Strategies offered: those that work. */
export const STRATEGIES = ["rolling"] as const;

export const DeployApplicationInput = z.object({
  environment: EnvironmentName.describe("where to deploy, as named in the configuration"),
  version: VersionName.describe("what to deploy; get_service lists the known versions"),
  service: ServiceName.optional().describe("may be left out only when one service is configured"),
  strategy: z.enum(STRATEGIES).default("rolling").describe("rolling: instances are replaced one after the other"),
  rollbackOnFailure: z.boolean().default(true).describe("return to the version before when the new one fails"),
  healthCheckTimeout: z
    .number()
    .int()
    .min(1)
    .max(3_600)
    .default(60)
    .describe("seconds a new instance has to become ready"),
  timeoutSeconds: z
    .number()
    .int()
    .min(10)
    .max(86_400)
    .optional()
    .describe("deadline of the whole deployment; default from deploymentConfig"),
  maxSurgePercent: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(25)
    .describe("instances above the wanted number, rounded up to at least one"),
  maxUnavailable: z.number().int().min(0).max(10).default(0).describe("instances below the wanted number"),
  dryRun: z.boolean().default(false).describe("check everything and return the plan; nothing is started"),
});
export type DeployApplicationInput = z.input<typeof DeployApplicationInput>;

export const DeploymentView = z.object({
  id: z.string(),
  service: z.string(),
  environment: z.string(),
  strategy: z.string(),
  version: z.string(),
  previousVersion: z.string().nullable(),
  status: DeploymentStatus,
  summary: z.string().describe("what it does now, or how it ended"),
  requestedBy: ActorRef,
  cancelRequested: z.boolean(),
  createdAt: Instant,
  startedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
  deadlineAt: Instant,
  options: z.object({
    rollbackOnFailure: z.boolean(),
    healthCheckTimeoutSeconds: z.number(),
    timeoutSeconds: z.number(),
    instances: z.number().int(),
    maxSurge: z.number().int(),
    maxUnavailable: z.number().int(),
  }),
  incidentId: z.string().nullable().describe("the incident its failure opened"),
});
export type DeploymentView = z.infer<typeof DeploymentView>;

export const DeploymentEventView = z.object({
  id: z.string(),
  at: Instant,
  level: z.enum(["info", "ok", "warning", "error"]),
  kind: z.enum(["step", "instance", "decision"]),
  message: z.string(),
  detail: z.record(z.string(), z.unknown()).nullable(),
});
export type DeploymentEventView = z.infer<typeof DeploymentEventView>;

export const DeployApplicationOutput = z.object({
  dryRun: z.boolean(),
  plan: z.array(z.string()).describe("what will happen, step by step, and how to undo it"),
  deployment: DeploymentView.nullable().describe("the handle to follow with get_deployment; null for a dry run"),
});

export const GetDeploymentInput = z.object({ deploymentId: z.string() });
export const InstanceView = z.object({
  id: z.string(),
  version: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  pid: z.number().int().nullable(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  restarts: z.number().int(),
  startedAt: Instant,
  inFlight: z.number().int(),
});
export const GetDeploymentOutput = z.object({
  deployment: DeploymentView,
  events: z.array(DeploymentEventView).describe("oldest first, at most the newest 200"),
  instances: z
    .array(InstanceView)
    .describe("of the service in that environment now; empty when the platform cannot be reached"),
  progress: z.object({ onNewVersion: z.number().int(), wanted: z.number().int() }),
});

export const ListDeploymentsInput = PageInput.extend({
  service: ServiceName.optional(),
  environment: EnvironmentName.optional(),
  status: z.array(DeploymentStatus).optional(),
});
export const ListDeploymentsOutput = pageOf(DeploymentView);

export const CancelDeploymentInput = z.object({ deploymentId: z.string(), reason: z.string().max(500).default("") });
