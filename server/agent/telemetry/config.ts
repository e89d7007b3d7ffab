import { z } from "zod";
import { Headers, HttpUrl, Name } from "../config-values.ts";
import { PlainName } from "../kernel/schema.ts";
import { RetentionSchema } from "../kernel/storage/retention.ts";
import { LOGS_APIS, TRACES_APIS } from "../ports/source.ts";

/** The parts of `monitoringConfig` and `services[]` about metrics, logs and traces. */

const LabelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "letters, digits and _, not starting with a digit");

export const ScrapeTargetSchema = z.strictObject({
  name: PlainName(80),
  url: HttpUrl,
  service: Name.optional().describe("the label `service` of its series; default: its own, else the target's name"),
  environment: Name.optional(),
  intervalMs: z.number().int().min(1_000).max(3_600_000).default(15_000),
  timeoutMs: z.number().int().min(100).max(60_000).default(10_000),
  headers: Headers,
  labels: z.record(LabelName, z.string().max(200)).default({}),
  maxSamples: z.number().int().min(1).max(500_000).default(50_000).describe("a page with more is refused as a whole"),
});
export type ScrapeTarget = z.infer<typeof ScrapeTargetSchema>;

export const IngestLimitsSchema = z.strictObject({
  maxSeries: z.number().int().min(100).max(5_000_000).default(200_000).describe("that had a sample in the kept days"),
  maxSeriesPerService: z.number().int().min(100).max(5_000_000).default(50_000),
  maxPatterns: z.number().int().min(100).max(100_000).default(10_000).describe("of log lines, the least used give way"),
  maxBodyBytes: z
    .number()
    .int()
    .min(10_000)
    .max(268_435_456)
    .default(16_777_216)
    .describe("of one request as it is sent; four times as much once decompressed"),
  maxPendingBytes: z
    .number()
    .int()
    .min(1_000_000)
    .max(1_073_741_824)
    .default(67_108_864)
    .describe("of requests being worked on; beyond it senders are told to come again"),
});

/** SLI templates over metrics, the commonest first; their queries are in `metrics/sli-templates.ts`. */
export const METRIC_SLI_TEMPLATES = ["otel-http", "prometheus-http", "grpc", "queue-age", "job-success"] as const;
export type MetricSliTemplate = (typeof METRIC_SLI_TEMPLATES)[number];
/** How a service's figures are named, so that nobody has to write queries: by its balancer, its metrics or its spans. */
export const SLI_TEMPLATES = ["balancer", ...METRIC_SLI_TEMPLATES, "spans"] as const;
export type SliTemplate = (typeof SLI_TEMPLATES)[number];

const Home = z.enum(["built-in", "external"]);
export const ServiceTelemetrySchema = z.strictObject({
  metrics: Home.optional().describe("default: external when monitoringConfig.metricsEndpoint is set"),
  logs: Home.optional().describe("default: external when monitoringConfig.logsEndpoint is set"),
  traces: Home.optional().describe("default: external when monitoringConfig.tracesEndpoint is set"),
  template: z.enum(SLI_TEMPLATES).optional().describe("default: balancer where Operate runs the instances"),
  labels: z
    .record(LabelName, z.string())
    .default({})
    .describe("what picks out its series; default: service and environment"),
  queries: z
    .strictObject({
      requestRate: z.string().optional(),
      errorRatio: z.string().optional(),
      latencyP50: z.string().optional(),
      latencyP95: z.string().optional(),
      latencyP99: z.string().optional(),
      cpu: z.string().optional(),
      memory: z.string().optional(),
      saturation: z.string().optional(),
    })
    .prefault({})
    .describe(
      "PromQL of your own, for an external source; {service} and {environment} are replaced. errorRatio is 0…1, latencies are in seconds, cpu in cores, memory in bytes, saturation a ratio",
    ),
});
export type ServiceTelemetry = z.infer<typeof ServiceTelemetrySchema>;

export interface Homes {
  monitoringConfig: Partial<Record<"metricsEndpoint" | "logsEndpoint" | "tracesEndpoint", string | undefined>>;
  services: {
    telemetry?: Partial<Record<"metrics" | "logs" | "traces", "built-in" | "external" | undefined>> | undefined;
  }[];
}

/** What is said to be in an external home needs the address of one. */
export function checkHomes(
  { monitoringConfig, services }: Homes,
  add: (path: (string | number)[], message: string) => void,
): void {
  services.forEach(({ telemetry }, i) => {
    for (const signal of ["metrics", "logs", "traces"] as const) {
      const key = `${signal}Endpoint` as const;
      if (telemetry?.[signal] === "external" && monitoringConfig[key] === undefined)
        add(["services", i, "telemetry", signal], `external, but monitoringConfig.${key} is not set`);
    }
  });
}

/** Keys of `monitoringConfig`. */
export const TelemetrySettings = {
  metricsEndpoint: HttpUrl.optional().describe("Prometheus HTTP API: Prometheus, Mimir, Thanos, VictoriaMetrics"),
  metricsIntervalSeconds: z
    .number()
    .int()
    .min(1)
    .max(3_600)
    .default(15)
    .describe("how often metricsEndpoint takes samples: rates look back four times as far"),
  logsEndpoint: HttpUrl.optional().describe("as logsApi says"),
  logsApi: z.enum(LOGS_APIS).default("loki"),
  tracesEndpoint: HttpUrl.optional().describe("as tracesApi says"),
  tracesApi: z.enum(TRACES_APIS).default("jaeger"),
  endpointHeaders: Headers.describe("sent to the three endpoints"),
  grafanaUrl: HttpUrl.optional().describe("panels link to it"),
  scrape: z.array(ScrapeTargetSchema).default([]),
  selfMonitoring: z.boolean().default(true).describe("take in Operate's own figures and logs as the service operate"),
  retention: RetentionSchema.prefault({}),
  limits: IngestLimitsSchema.prefault({}),
};
