import { z } from "zod";
import { FreezeWindowSchema, RolloutRulesSchema, WaveSchema } from "./config-deployment.ts";
import { ServiceSchema } from "./config-services.ts";
import { checkHomes, type Homes, IngestLimitsSchema, RetentionSchema, ScrapeTargetSchema } from "./config-telemetry.ts";
import { PlainName } from "./kernel/schema.ts";

/** `operate.config.yaml`: one schema per section. Every key has a default, so an empty file is a valid start. */

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and dashes, starting with a letter, at most 40");
const Severity = z.enum(["low", "medium", "high", "critical"]);
const Cron = z.string().regex(/^(\S+\s+){4}\S+$/, "five fields of cron: minute hour day month weekday");
const Percent = z.number().min(0).max(100);

const DeploymentConfigSchema = z.strictObject({
  cicdProvider: z.enum(["none", "github-actions", "gitlab-ci", "jenkins"]).default("none"),
  environments: z.array(Name).min(1).default(["staging", "production"]),
  rolloutStrategy: z.enum(["rolling", "blue-green", "canary"]).default("rolling"),
  healthCheckUrl: z.url().optional(),
  timeoutSeconds: z.number().int().min(10).max(86_400).default(600).describe("deadline of a whole deployment"),
  rollout: RolloutRulesSchema.optional().describe("steps, judge, hooks and limits of every service's deployments"),
  freezeWindows: z.array(FreezeWindowSchema).default([]),
  waves: z.array(WaveSchema).default([]).describe("which environments come first"),
});

const Threshold = z.number().int().min(1).max(20);
const CheckCommon = {
  name: PlainName(80),
  intervalMs: z.number().int().min(1_000).max(3_600_000).optional().describe("default: checkIntervalMs"),
  timeoutMs: z.number().int().min(100).max(60_000).default(5_000),
  failureThreshold: Threshold.optional(),
  successThreshold: Threshold.optional(),
  dependsOn: z.array(z.string()).default([]).describe("names of endpoints or services whose failure explains this one"),
  environment: Name.optional().describe(
    "services in dependsOn are meant there; default: the last of deploymentConfig.environments",
  ),
  muted: z.boolean().default(false).describe("checked and shown, but leaves the overall state alone"),
};
const HttpCheckSchema = z.strictObject({
  ...CheckCommon,
  type: z.literal("http"),
  url: z.url({ protocol: /^https?$/ }),
  method: z.enum(["GET", "HEAD"]).default("GET"),
  headers: z.record(z.string(), z.string()).default({}),
  expectStatus: z.array(z.number().int().min(100).max(599)).default([200, 201, 202, 203, 204]),
  bodyIncludes: z.string().optional(),
  jsonPath: z
    .strictObject({
      path: z.string().describe("dotted, as in `status.db.0.ok`"),
      equals: z.union([z.string(), z.number(), z.boolean()]),
    })
    .optional(),
  maxLatencyMs: z.number().positive().optional().describe("slower is degraded"),
  tlsExpiryDays: z.number().int().positive().optional().describe("a certificate that ends sooner is degraded"),
});
const TcpCheckSchema = z.strictObject({
  ...CheckCommon,
  type: z.literal("tcp"),
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  maxLatencyMs: z.number().positive().optional(),
});
const DnsCheckSchema = z.strictObject({
  ...CheckCommon,
  type: z.literal("dns"),
  host: z.string().min(1),
  recordType: z.enum(["A", "AAAA", "CNAME", "MX", "NS", "TXT"]).default("A"),
  expect: z.array(z.string()).default([]).describe("records that must be among the answers"),
  server: z.string().optional().describe("address[:port] of the resolver to ask"),
  maxLatencyMs: z.number().positive().optional(),
});
export const HealthEndpointSchema = z.discriminatedUnion("type", [HttpCheckSchema, TcpCheckSchema, DnsCheckSchema]);
export type HealthEndpoint = z.infer<typeof HealthEndpointSchema>;

const MonitoringConfigSchema = z.strictObject({
  metricsEndpoint: z.url().optional().describe("Prometheus HTTP API: Prometheus, Mimir, Thanos, VictoriaMetrics"),
  metricsIntervalSeconds: z
    .number()
    .int()
    .min(1)
    .max(3_600)
    .default(15)
    .describe("how often metricsEndpoint takes samples: rates look back four times as far"),
  logsEndpoint: z.url().optional().describe("Loki"),
  tracesEndpoint: z.url().optional().describe("Jaeger or Tempo"),
  tracesApi: z.enum(["jaeger", "tempo"]).default("jaeger"),
  endpointHeaders: z.record(z.string(), z.string()).default({}).describe("sent to the three endpoints"),
  grafanaUrl: z.url().optional().describe("panels link to it"),
  scrape: z.array(ScrapeTargetSchema).default([]),
  selfMonitoring: z.boolean().default(true).describe("take in Operate's own figures and logs as the service operate"),
  retention: RetentionSchema.prefault({}),
  limits: IngestLimitsSchema.prefault({}),
  healthEndpoints: z.array(HealthEndpointSchema).default([]),
  checkIntervalMs: z.number().int().min(1_000).max(3_600_000).default(30_000),
  failureThreshold: Threshold.default(3),
  successThreshold: Threshold.default(2),
});

const AlertingConfigSchema = z.strictObject({
  channels: z.array(z.strictObject({ type: z.string(), endpoint: z.string(), severity: Severity })).default([]),
  thresholds: z
    .array(
      z.strictObject({
        metric: z.string(),
        condition: z.enum(["gt", "lt", "eq"]),
        value: z.number(),
        duration: z.number().nonnegative(),
        severity: Severity,
      }),
    )
    .default([]),
  escalationPolicy: z
    .array(z.strictObject({ delay: z.number().nonnegative(), channels: z.array(z.string()) }))
    .default([]),
  resolveOnRecovery: z.boolean().default(true).describe("recovery resolves the incident that health opened"),
});

const ScalingConfigSchema = z.strictObject({
  minInstances: z.number().int().min(1).default(1),
  maxInstances: z.number().int().min(1).default(10),
  targetCpuPercent: Percent.default(70),
  targetMemoryPercent: Percent.default(80),
  scaleUpCooldown: z.number().nonnegative().default(60),
  scaleDownCooldown: z.number().nonnegative().default(300),
});

const SecurityConfigSchema = z.strictObject({
  scanSchedule: Cron.default("0 3 * * *"),
  vulnerabilityThreshold: Severity.default("high"),
  complianceFrameworks: z.array(z.string()).default([]),
  securityEndpoints: z.array(z.url()).default([]),
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
    .regex(/^\d+[hdw]$/, "a number and h, d or w, as in 30d")
    .default("30d"),
});

const ChaosConfigSchema = z.strictObject({
  enabled: z.boolean().default(false),
  schedule: Cron.optional(),
  experiments: z
    .array(
      z.strictObject({
        name: Name,
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

const OutboundSchema = z.strictObject({
  allow: z.array(z.string()).default([]).describe("CIDR ranges of private addresses that checks may reach"),
  deny: z.array(z.string()).default([]).describe("CIDR ranges never reached, wins over allow"),
});

const TrafficSchema = z.strictObject({
  service: Name,
  environment: Name,
  requestsPerSecond: z.number().min(0).max(500).default(10),
  paths: z.array(z.string().startsWith("/")).min(1).default(["/"]),
});

export const OperateAgentConfigSchema = z
  .strictObject({
    deploymentConfig: DeploymentConfigSchema.prefault({}),
    monitoringConfig: MonitoringConfigSchema.prefault({}),
    alertingConfig: AlertingConfigSchema.prefault({}),
    scalingConfig: ScalingConfigSchema.prefault({}),
    securityConfig: SecurityConfigSchema.prefault({}),
    costConfig: CostConfigSchema.prefault({}),
    sloConfig: SloConfigSchema.prefault({}),
    chaosConfig: ChaosConfigSchema.prefault({}),
    services: z.array(ServiceSchema).default([]),
    outbound: OutboundSchema.prefault({}),
    traffic: z.array(TrafficSchema).default([]).describe("built-in traffic generator, for samples and rehearsals"),
  })
  .superRefine(checkReferences);

/** The configuration with every default filled in. */
export type OperateAgentConfig = z.infer<typeof OperateAgentConfigSchema>;
/** The configuration as it is written: everything optional. */
export type OperateAgentConfigInput = z.input<typeof OperateAgentConfigSchema>;

interface References {
  deploymentConfig: {
    environments: string[];
    freezeWindows: { environments: string[]; services: string[] }[];
    waves: { environment: string; requires: string[] }[];
  };
  monitoringConfig: Homes["monitoringConfig"] & {
    healthEndpoints: { name: string; dependsOn: string[] }[];
    scrape: { name: string }[];
  };
  services: (Homes["services"][number] & {
    name: string;
    dependsOn: string[];
    environments: Record<string, unknown>;
  })[];
  traffic: { service: string; environment: string }[];
}

/** Names that point at something must point at something that exists, and nothing may be named twice. */
function checkReferences(config: References, issues: z.RefinementCtx): void {
  const add = (path: (string | number)[], message: string) => issues.addIssue({ code: "custom", path, message });
  const services = config.services.map((service) => service.name);
  const environments = config.deploymentConfig.environments;
  const endpoints = config.monitoringConfig.healthEndpoints.map((endpoint) => endpoint.name);
  const known = new Set([...services, ...endpoints]);
  const allowed = (names: Iterable<string>) => `allowed: ${[...names].join(", ") || "(none yet)"}`;

  config.services.forEach((service, i) => {
    if (services.indexOf(service.name) !== i) add(["services", i, "name"], `a second service named ${service.name}`);
    service.dependsOn.forEach((name, j) => {
      if (!services.includes(name) || name === service.name)
        add(["services", i, "dependsOn", j], `no other service is named ${name}; ${allowed(services)}`);
    });
    for (const name of Object.keys(service.environments)) {
      if (!environments.includes(name))
        add(["services", i, "environments", name], `not in deploymentConfig.environments; ${allowed(environments)}`);
    }
  });
  checkPolicy(config, services, add);
  checkHomes(config, add);
  config.monitoringConfig.healthEndpoints.forEach((endpoint, i) => {
    const path = ["monitoringConfig", "healthEndpoints", i];
    if (endpoints.indexOf(endpoint.name) !== i || services.includes(endpoint.name))
      add([...path, "name"], `a second endpoint or service named ${endpoint.name}`);
    endpoint.dependsOn.forEach((name, j) => {
      if (!known.has(name) || name === endpoint.name)
        add([...path, "dependsOn", j], `nothing else is named ${name}; ${allowed(known)}`);
    });
  });
  const targets = config.monitoringConfig.scrape.map((target) => target.name);
  targets.forEach((name, i) => {
    if (targets.indexOf(name) !== i) add(["monitoringConfig", "scrape", i, "name"], `a second target named ${name}`);
  });
  config.traffic.forEach((traffic, i) => {
    const service = config.services.find((candidate) => candidate.name === traffic.service);
    if (!service) add(["traffic", i, "service"], `no service is named ${traffic.service}; ${allowed(services)}`);
    else if (!(traffic.environment in service.environments))
      add(
        ["traffic", i, "environment"],
        `${service.name} does not run there; ${allowed(Object.keys(service.environments))}`,
      );
  });
}

/** Freeze windows and waves name environments and services that exist. */
function checkPolicy(
  { deploymentConfig }: References,
  services: string[],
  add: (path: (string | number)[], message: string) => void,
): void {
  const { environments, freezeWindows, waves } = deploymentConfig;
  const check = (path: (string | number)[], names: string[], known: string[], what: string) => {
    for (const name of names)
      if (!known.includes(name)) add(path, `no ${what} is named ${name}; allowed: ${known.join(", ") || "(none yet)"}`);
  };
  freezeWindows.forEach((window, i) => {
    const path = ["deploymentConfig", "freezeWindows", i];
    check([...path, "environments"], window.environments, environments, "environment");
    check([...path, "services"], window.services, services, "service");
  });
  waves.forEach((wave, i) => {
    const path = ["deploymentConfig", "waves", i];
    check([...path, "environment"], [wave.environment], environments, "environment");
    check([...path, "requires"], wave.requires, environments, "environment");
    if (wave.requires.includes(wave.environment))
      add([...path, "requires"], `${wave.environment} cannot require itself`);
  });
}
