import { z } from "zod";
import { Command, Environment, startProblem } from "./config-process.ts";
import { Name, RequestPath } from "./config-values.ts";
import { RolloutRulesSchema } from "./deploy/config.ts";
import { editDistance, nearNames } from "./kernel/allowed-names.ts";
import { PlainName } from "./kernel/schema.ts";
import { ServiceTelemetrySchema } from "./telemetry/config.ts";

/** `services[]`: what is operated, on which platform, with which versions. */

export const VersionName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, "letters, digits and . _ + -, at most 64")
  .refine((text) => !Object.hasOwn(Object.prototype, text), "a version; this word has a meaning of its own");

const ServiceEnvironmentSchema = z.strictObject({
  instances: z.number().int().min(1).max(50).default(2),
  initialVersion: VersionName.describe("what runs before the first deployment"),
  port: z.number().int().min(0).max(65_535).default(0).describe("of the balancer; 0 takes a free one and keeps it"),
  env: Environment.describe("${url:NAME} is another service's balancer in the same environment"),
});

const Milliseconds = z.number().int().min(10).max(86_400_000);
const AddressOrNetwork = z
  .string()
  .refine((text) => z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]).safeParse(text).success, {
    error: "an IP address, as 127.0.0.1, or a network, as 10.0.0.0/8",
  });

/** What the balancer of a service does with its time, and whom it believes. */
const BalancerSchema = z.strictObject({
  connectTimeoutMs: Milliseconds.default(2_000).describe("until an instance accepts a connection"),
  responseTimeoutMs: Milliseconds.default(60_000).describe("from the request to the head of the answer, then 504"),
  idleTimeoutMs: Milliseconds.default(300_000).describe("silence in the middle of an answer"),
  streamIdleTimeoutMs: Milliseconds.default(3_600_000).describe("silence of event streams and upgraded connections"),
  queueTimeoutMs: Milliseconds.default(10_000).describe(
    "until there is a connection to an instance; then 503 with Retry-After",
  ),
  requestTimeoutMs: Milliseconds.default(3_600_000).describe(
    "from a request's first byte to the end of its body, as of an upload; then 408",
  ),
  keepAliveTimeoutMs: Milliseconds.default(65_000).describe("silence between two requests on a client's connection"),
  headTimeoutMs: Milliseconds.default(60_000).describe("from a request's first byte to the end of its head; then 408"),
  clientIdleTimeoutMs: Milliseconds.default(120_000).describe(
    "a client that neither sends what is left of its request nor takes what there is of the answer",
  ),
  instanceIdleTimeoutMs: Milliseconds.default(4_000).describe(
    "an idle connection to an instance that does not say how long it keeps it",
  ),
  maxConnections: z.number().int().min(1).max(65_535).default(256).describe("connections to one instance at a time"),
  maxStreams: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(1_000)
    .describe("event streams and the like of one instance beside those connections; more count among them"),
  maxUpgraded: z
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(1_000)
    .describe("upgraded connections at a time, as WebSocket"),
  trustedProxies: z
    .array(AddressOrNetwork)
    .max(100)
    .default([])
    .describe("fronts whose X-Forwarded-* and Forwarded headers are kept; of all others they are replaced"),
});

/** Whatever `env` says, an instance gets these from Operate. */
export const SET_BY_OPERATE = [
  ...["PORT", "SERVICE_NAME", "SERVICE_VERSION", "SERVICE_ENVIRONMENT", "INSTANCE_ID"],
  ...["OPERATE_DATA_DIR", "OPERATE_LOCAL_INSTANCE"],
] as const;

const LocalServiceSchema = z.strictObject({
  command: Command.describe("{version} is replaced; started without a shell"),
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
  readinessPath: RequestPath.nullish().describe(
    "default: healthPath; null, or neither of the two: it is ready once it listens on PORT",
  ),
  readinessIntervalMs: z.number().int().min(50).max(60_000).default(500),
  readinessTimeoutMs: z.number().int().min(50).max(60_000).default(1_000),
  stopTimeoutMs: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(10_000)
    .describe("from SIGTERM to SIGKILL; upgraded connections are cut 2 s, or half of it, after SIGTERM"),
  balancer: BalancerSchema.prefault({}).describe("timeouts, upgraded connections and trusted fronts"),
});

export const ServiceSchema = z
  .strictObject({
    name: Name,
    description: z.string().default(""),
    owner: z.string().default(""),
    platform: z.literal("local").default("local"),
    dependsOn: z.array(Name).default([]),
    healthPath: RequestPath.nullish().describe(
      "default: local.readinessPath; null, or neither of the two: GET / with any answer below 500",
    ),
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
    const known = new Set(versions);
    for (const [name, environment] of Object.entries(service.environments)) {
      if (!known.has(environment.initialVersion))
        issues.addIssue({
          code: "custom",
          path: ["environments", name, "initialVersion"],
          message: `${environment.initialVersion} is not among local.versions`,
          ...nearNames(environment.initialVersion, () => versions),
        });
    }
    for (const [name, { env }] of Object.entries(service.environments)) {
      const message = startProblem(service.local.command, env);
      if (message !== null) issues.addIssue({ code: "custom", path: ["environments", name, "env"], message });
      for (const variable of SET_BY_OPERATE)
        if (Object.hasOwn(env, variable))
          issues.addIssue({
            code: "custom",
            path: ["environments", name, "env", variable],
            message: `${variable} is set by Operate for each instance; take it out${variable === "PORT" ? ", and let the service listen on it" : ""}`,
          });
    }
    service.local.command.forEach((part, i) => {
      for (const [whole, word = ""] of part.matchAll(/\{([a-z]+)\}/gi))
        if (word !== "version" && editDistance(word.toLowerCase(), "version") <= 2)
          issues.addIssue({
            code: "custom",
            path: ["local", "command", i],
            message: `${whole} is not replaced; {version} is what stands for the version to start`,
          });
    });
    versions.forEach((version, i) => {
      if (!known.delete(version))
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

/** What is configured for a service in an environment, whose name may be anybody's word; undefined: it does not run there. */
export const settingsIn = <T>(
  service: { environments: Readonly<Record<string, T>> } | undefined,
  environment: string | undefined,
): T | undefined =>
  service !== undefined && environment !== undefined && Object.hasOwn(service.environments, environment)
    ? service.environments[environment]
    : undefined;

export type ServiceConfig = z.infer<typeof ServiceSchema>;
export type ServiceEnvironmentConfig = z.infer<typeof ServiceEnvironmentSchema>;
