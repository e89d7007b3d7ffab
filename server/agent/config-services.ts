import { z } from "zod";
import { RolloutRulesSchema } from "./config-deployment.ts";
import { ServiceTelemetrySchema } from "./config-telemetry.ts";
import { allowedNames } from "./kernel/allowed-names.ts";
import { PlainName } from "./kernel/schema.ts";

/** `services[]`: what is operated, on which platform, with which versions. */

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and dashes, starting with a letter, at most 40");
export const VersionName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, "letters, digits and . _ + -, at most 64");

const ServiceEnvironmentSchema = z.strictObject({
  instances: z.number().int().min(1).max(50).default(2),
  initialVersion: VersionName.describe("what runs before the first deployment"),
  port: z.number().int().min(0).max(65_535).default(0).describe("of the balancer; 0 takes a free one and keeps it"),
  env: z
    .record(z.string(), z.string())
    .default({})
    .describe("${url:NAME} is another service's balancer in the same environment"),
});

const LocalServiceSchema = z.strictObject({
  command: z.array(z.string().min(1)).min(1).describe("{version} is replaced; started without a shell"),
  cwd: z.string().default(".").describe("relative to the configuration file"),
  versions: z
    .array(
      z.strictObject({
        version: VersionName,
        notes: z.string().default(""),
        committedAt: z.iso.datetime({ offset: true }).optional().describe("of its newest commit, for the lead time"),
      }),
    )
    .min(1),
  readinessPath: z
    .string()
    .startsWith("/")
    .nullish()
    .describe("default: healthPath; null, or neither of the two: it is ready once it listens on PORT"),
  readinessIntervalMs: z.number().int().min(50).max(60_000).default(500),
  readinessTimeoutMs: z.number().int().min(50).max(60_000).default(1_000),
  stopTimeoutMs: z.number().int().min(100).max(600_000).default(10_000).describe("from SIGTERM to SIGKILL"),
});

export const ServiceSchema = z
  .strictObject({
    name: Name,
    description: z.string().default(""),
    owner: z.string().default(""),
    platform: z.literal("local").default("local"),
    dependsOn: z.array(Name).default([]),
    healthPath: z
      .string()
      .startsWith("/")
      .nullish()
      .describe("default: local.readinessPath; null, or neither of the two: GET / with any answer below 500"),
    local: LocalServiceSchema,
    environments: z.record(PlainName(40), ServiceEnvironmentSchema),
    deployment: RolloutRulesSchema.optional().describe("overrides deploymentConfig.rollout key by key"),
    slo: z
      .strictObject({
        latencyP95Ms: z.number().positive().optional(),
        errorRatePercent: z.number().min(0).max(100).optional(),
      })
      .optional()
      .describe("overrides sloConfig key by key"),
    telemetry: ServiceTelemetrySchema.optional().describe("where its metrics, logs and traces are, and how named"),
  })
  .superRefine((service, issues) => {
    const versions = service.local.versions.map((entry) => entry.version);
    for (const [name, environment] of Object.entries(service.environments)) {
      if (!versions.includes(environment.initialVersion))
        issues.addIssue({
          code: "custom",
          path: ["environments", name, "initialVersion"],
          message: `${environment.initialVersion} is not among local.versions; ${allowedNames(environment.initialVersion, versions)}`,
        });
    }
    versions.forEach((version, i) => {
      if (versions.indexOf(version) !== i)
        issues.addIssue({
          code: "custom",
          path: ["local", "versions", i, "version"],
          message: `${version} is listed twice`,
        });
    });
  });

/** Taking a service out of `services` alone lets what runs go on: this is how it is said that it shall end. */
export const RemovedServicesSchema = z
  .array(z.string().regex(/^[a-z][a-z0-9-]{0,39}(\/[a-z][a-z0-9-]{0,39})?$/, "a service, or service/environment"))
  .default([])
  .describe("services, or service/environment, no longer configured, whose instances are stopped");

/** Where an instance is asked whether it may take requests; null: it is ready once it listens. */
export const readinessPathOf = ({ healthPath, local }: Paths): string | null =>
  (local.readinessPath === undefined ? healthPath : local.readinessPath) ?? null;

/** Where a service is asked, through its balancer, whether it works; null: any answer of `/` below 500 will do. */
export const healthPathOf = ({ healthPath, local }: Paths): string | null =>
  (healthPath === undefined ? local.readinessPath : healthPath) ?? null;

type Path = string | null | undefined;
interface Paths {
  healthPath?: Path;
  local: { readinessPath?: Path };
}

export type ServiceConfig = z.infer<typeof ServiceSchema>;
export type ServiceEnvironmentConfig = z.infer<typeof ServiceEnvironmentSchema>;
