import type { LabelFilter, MetricInfo, MetricQuery } from "../ports/metrics-source.ts";
import { METRIC_SLI_TEMPLATES, type MetricSliTemplate } from "../telemetry/config.ts";
import type { SignalName } from "./schema.ts";

/**
 * SLI templates over metrics: how a service's figures are named under each convention, so that nobody has to write
 * queries. Their names are in `telemetry/config.ts`. Pure: which metrics there are comes in as an argument.
 */

export type SignalUnit = "per-second" | "percent" | "ms" | "bytes" | "requests" | "seconds" | "ratio";

/** One signal as queries: `scale` × `top` ÷ `bottom`; of an `age`, the time since `top` (a Unix time in seconds). */
export interface SignalPlan {
  unit: SignalUnit;
  top: MetricQuery;
  bottom: MetricQuery | null;
  scale: number;
  age: boolean;
}

interface Outcome {
  /** labels that tell how it ended, the usual one first */
  labels: readonly string[];
  /** anchored regular expression of what counts as failed */
  failed: string;
}
interface Gauge {
  metric: string;
  unit: SignalUnit;
  fn: "last" | "max";
  age?: true;
}

/** Each list: the likeliest first; the first that is there is taken. */
interface TemplateMetrics {
  /** running totals of what was served; `x_count` of a histogram counts, too */
  served: readonly { metric: string; outcome: Outcome }[];
  durations: readonly { metric: string; toMs: number }[];
  cpuSeconds: readonly string[];
  /** the share of the machine's processors in use, 0…1, where no seconds are counted */
  cpuShare: readonly string[];
  memoryBytes: readonly string[];
  saturation: readonly Gauge[];
}

/**
 * Prometheus client libraries' process collector; process.cpu.time and process.memory.usage of OpenTelemetry; of JVMs what
 * Micrometer, OpenTelemetry's Java agent 2 (jvm.*) and its version 1 (process.runtime.jvm.*) send.
 */
const PROCESS = {
  cpuSeconds: ["process_cpu_seconds_total", "process_cpu_time_seconds_total", "jvm_cpu_time_seconds_total"],
  cpuShare: ["process_cpu_usage", "jvm_cpu_recent_utilization_ratio", "process_runtime_jvm_cpu_utilization_ratio"],
  memoryBytes: [
    ...["process_resident_memory_bytes", "process_memory_usage_bytes", "jvm_memory_used_bytes"],
    "process_runtime_jvm_memory_usage_bytes",
  ],
} as const;

const inFlight = (...metrics: string[]): Gauge[] =>
  metrics.map((metric) => ({ metric, unit: "requests" as const, fn: "last" as const }));
const ages = (...metrics: string[]): Gauge[] =>
  metrics.map((metric) => ({ metric, unit: "seconds" as const, fn: "max" as const }));

/** "5.." also fits clients that keep only the class, as in status="5xx" */
const HTTP_STATUS: Outcome = { labels: ["code", "status", "status_code"], failed: "5.." };
const HTTP_OTEL: Outcome = { labels: ["http_response_status_code", "http_status_code"], failed: "5.." };
const GRPC_CODE: Outcome = {
  labels: ["grpc_code"],
  failed: "Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss",
};
/** the same codes by number, and as rpc.response.status_code spells them */
const GRPC_OTEL: Outcome = {
  labels: ["rpc_response_status_code", "rpc_grpc_status_code"],
  failed: "2|4|12|13|14|15|UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS",
};
const ANYTHING = ".+";
/** error.type is only there when something failed: https://opentelemetry.io/docs/specs/semconv/messaging/ */
const MESSAGING: Outcome = { labels: ["error_type"], failed: ANYTHING };
const JOB_STATUS: Outcome = { labels: ["status", "result", "outcome", "state"], failed: "fail.*|error.*|dead|timeout" };

const TEMPLATES: Record<MetricSliTemplate, TemplateMetrics> = {
  // https://prometheus.io/docs/practices/naming/, promhttp of client_golang, Spring's Micrometer
  "prometheus-http": {
    served: [
      { metric: "http_requests_total", outcome: HTTP_STATUS },
      { metric: "http_request_duration_seconds_count", outcome: HTTP_STATUS },
      { metric: "http_server_requests_seconds_count", outcome: HTTP_STATUS },
      { metric: "http_server_requests_milliseconds_count", outcome: HTTP_STATUS },
    ],
    durations: [
      { metric: "http_request_duration_seconds", toMs: 1_000 },
      { metric: "http_server_requests_seconds", toMs: 1_000 },
      { metric: "http_server_requests_milliseconds", toMs: 1 },
    ],
    ...PROCESS,
    saturation: inFlight(
      ...["http_requests_in_flight", "http_requests_in_progress", "http_inflight_requests"],
      ...["http_server_requests_active_seconds_active_count", "http_server_requests_active_seconds_gcount"],
      "tomcat_threads_busy_threads",
    ),
  },
  // https://opentelemetry.io/docs/specs/semconv/http/http-metrics/; http.server.duration (ms) came before 1.23
  "otel-http": {
    served: [
      { metric: "http_server_request_duration_seconds_count", outcome: HTTP_OTEL },
      { metric: "http_server_duration_milliseconds_count", outcome: HTTP_OTEL },
      { metric: "http_server_duration_count", outcome: HTTP_OTEL },
    ],
    durations: [
      { metric: "http_server_request_duration_seconds", toMs: 1_000 },
      { metric: "http_server_duration_milliseconds", toMs: 1 },
      { metric: "http_server_duration", toMs: 1 },
    ],
    ...PROCESS,
    saturation: inFlight("http_server_active_requests"),
  },
  // go-grpc-prometheus; https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/. Failed: what a server answers for
  // (semconv, "gRPC status": UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS)
  grpc: {
    served: [
      { metric: "grpc_server_handled_total", outcome: GRPC_CODE },
      { metric: "rpc_server_call_duration_seconds_count", outcome: GRPC_OTEL },
      { metric: "rpc_server_duration_milliseconds_count", outcome: GRPC_OTEL },
      { metric: "rpc_server_duration_count", outcome: GRPC_OTEL },
    ],
    durations: [
      { metric: "grpc_server_handling_seconds", toMs: 1_000 },
      { metric: "rpc_server_call_duration_seconds", toMs: 1_000 },
      { metric: "rpc_server_duration_milliseconds", toMs: 1 },
      { metric: "rpc_server_duration", toMs: 1 },
    ],
    ...PROCESS,
    saturation: inFlight("grpc_server_in_flight_requests", "rpc_server_active_requests"),
  },
  // messages taken from a queue, and how long the oldest has waited (Google SRE Workbook, ch. 2: freshness of pipelines)
  "queue-age": {
    served: [
      { metric: "queue_messages_processed_total", outcome: JOB_STATUS },
      { metric: "messaging_client_consumed_messages_total", outcome: MESSAGING },
      { metric: "messaging_process_duration_seconds_count", outcome: MESSAGING },
    ],
    durations: [
      { metric: "queue_message_processing_seconds", toMs: 1_000 },
      { metric: "messaging_process_duration_seconds", toMs: 1_000 },
    ],
    ...PROCESS,
    saturation: ages("queue_oldest_message_age_seconds", "queue_age_seconds", "sidekiq_queue_latency_seconds"),
  },
  // https://prometheus.io/docs/practices/instrumentation/#batch-jobs: when it last succeeded is the key figure
  "job-success": {
    served: [
      { metric: "job_runs_total", outcome: JOB_STATUS },
      { metric: "jobs_processed_total", outcome: JOB_STATUS },
      { metric: "job_duration_seconds_count", outcome: JOB_STATUS },
    ],
    durations: [{ metric: "job_duration_seconds", toMs: 1_000 }],
    ...PROCESS,
    saturation: [{ metric: "job_last_success_timestamp_seconds", unit: "seconds", fn: "max", age: true }],
  },
};

/** What is known of the metrics of a source; without it the likeliest names are taken. */
export interface KnownMetrics {
  items: readonly MetricInfo[];
  /** labels of what `servedMetric` named */
  servedLabels: readonly string[];
}

const isThere = (metric: string, items: readonly MetricInfo[]): boolean =>
  items.some(({ name, kind }) => name === metric || (kind === "histogram" && `${name}_count` === metric));

function firstThere<T>(
  candidates: readonly T[],
  nameOf: (one: T) => string,
  known: KnownMetrics | null,
): T | undefined {
  return known ? candidates.find((one) => isThere(nameOf(one), known.items)) : candidates[0];
}

/** The metric whose labels tell how requests ended; null when there is none. */
export const servedMetric = (template: MetricSliTemplate, items: readonly MetricInfo[]): string | null =>
  TEMPLATES[template].served.find(({ metric }) => isThere(metric, items))?.metric ?? null;

/** One way of telling what services served, with how its latency is found. */
export interface ServedMetric {
  metric: string;
  /** labels that may tell how it ended, the usual one first */
  labels: readonly string[];
  /** whether a value of such a label says that it failed */
  hasFailed: (outcome: string) => boolean;
  durations: readonly { metric: string; toMs: number }[];
}

/** Every metric there is that tells of served requests, of all templates, in the order in which one is chosen. */
export const servedMetrics = (items: readonly MetricInfo[]): ServedMetric[] =>
  METRIC_SLI_TEMPLATES.flatMap((template) => {
    const { served, durations } = TEMPLATES[template];
    return served
      .filter(({ metric }) => isThere(metric, items))
      .map(({ metric, outcome }) => {
        const failed = new RegExp(`^(?:${outcome.failed})$`);
        const there = durations.filter((one) => isThere(`${one.metric}_count`, items));
        return { metric, labels: outcome.labels, hasFailed: (value: string) => failed.test(value), durations: there };
      });
  });

/** The metrics a template looks for, for a message that says what is missing. */
export function namesOf(template: MetricSliTemplate, signal: SignalName): string[] {
  const { served, durations, cpuSeconds, cpuShare, memoryBytes, saturation } = TEMPLATES[template];
  if (signal === "requestRate" || signal === "errorPercent") return served.map(({ metric }) => metric);
  if (signal === "cpuPercent") return [...cpuSeconds, ...cpuShare];
  if (signal === "memoryBytes") return [...memoryBytes];
  return (signal === "saturation" ? saturation : durations).map(({ metric }) => metric);
}

/**
 * The queries of each signal under a template; a signal without a metric is left out.
 * @param filters what picks out the service's series
 * @param known null: nothing is known of the source, so the likeliest names are taken
 */
export function signalPlans(
  template: MetricSliTemplate,
  filters: readonly LabelFilter[],
  known: KnownMetrics | null,
): Partial<Record<SignalName, SignalPlan>> {
  const { served, durations, cpuSeconds, cpuShare, memoryBytes, saturation } = TEMPLATES[template];
  const query = (metric: string, fn: MetricQuery["fn"], more: readonly LabelFilter[] = []): MetricQuery => ({
    ...{ metric, fn, groupBy: [] },
    filters: [...filters, ...more],
  });
  const plan = (unit: SignalUnit, top: MetricQuery, scale = 1): SignalPlan => ({
    ...{ unit, top, scale },
    ...{ bottom: null, age: false },
  });
  const plans: Partial<Record<SignalName, SignalPlan>> = {};

  const requests = firstThere(served, (one) => one.metric, known);
  if (requests) {
    const { metric, outcome } = requests;
    plans.requestRate = plan("per-second", query(metric, "rate"));
    const label = outcomeLabel(outcome, known);
    if (label !== undefined) {
      const failed = query(metric, "rate", [{ label, op: "=~", value: outcome.failed }]);
      plans.errorPercent = { ...plan("percent", failed, 100), bottom: query(metric, "rate") };
    }
  }
  const duration = firstThere(durations, (one) => one.metric, known);
  if (duration)
    for (const [signal, quantile] of Object.entries(QUANTILES) as [keyof typeof QUANTILES, number][])
      plans[signal] = plan("ms", { ...query(duration.metric, "quantile"), quantile }, duration.toMs);
  const cpu = firstThere(cpuSeconds, (one) => one, known);
  const share = cpu ? undefined : firstThere(cpuShare, (one) => one, known);
  if (cpu) plans.cpuPercent = plan("percent", query(cpu, "rate"), 100);
  else if (share) plans.cpuPercent = plan("percent", query(share, "last"), 100);
  const memory = firstThere(memoryBytes, (one) => one, known);
  if (memory) plans.memoryBytes = plan("bytes", query(memory, "last"));
  const full = firstThere(saturation, (one) => one.metric, known);
  if (full) plans.saturation = { ...plan(full.unit, query(full.metric, full.fn)), age: full.age ?? false };
  return plans;
}

/** A label that only failures carry is not there before the first one. */
function outcomeLabel({ labels, failed }: Outcome, known: KnownMetrics | null): string | undefined {
  const there = known ? labels.find((one) => known.servedLabels.includes(one)) : labels[0];
  return there ?? (failed === ANYTHING ? labels[0] : undefined);
}

const QUANTILES = { latencyP50Ms: 0.5, latencyP95Ms: 0.95, latencyP99Ms: 0.99 } as const;

/** A plan as one PromQL expression. @param write how the source writes a query */
export function planText(plan: SignalPlan, write: (query: MetricQuery) => string): string {
  const top = write(plan.top);
  if (plan.age) return `time() - ${top}`;
  const scale = plan.scale === 1 ? "" : `${plan.scale} * `;
  if (!plan.bottom) return `${scale}${top}`;
  const bottom = write(plan.bottom);
  // where nothing failed yet there is no series of failures, which is zero as long as anything was served
  return `${scale}(${top} or 0 * ${bottom}) / ${bottom}`;
}
