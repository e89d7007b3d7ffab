import type { OperateAgentConfig } from "../agent/config.ts";
import { AppError } from "../agent/kernel/errors.ts";
import type { OutboundHttp } from "../agent/ports/outbound-http.ts";
import type { LOGS_APIS, TRACES_APIS } from "../agent/ports/source.ts";
import type { TelemetrySources, Wanted } from "../agent/ports/telemetry-sources.ts";
import type { TelemetryStore } from "../agent/ports/telemetry-store.ts";
import type { ScrapeTarget } from "../agent/telemetry/config.ts";
import { seriesLabels } from "../agent/telemetry/series-labels.ts";
import { createJaegerSource } from "../integrations/jaeger/index.ts";
import { createLokiSource } from "../integrations/loki/index.ts";
import { createPrometheusSource } from "../integrations/prometheus/index.ts";
import { createTempoSource } from "../integrations/tempo/index.ts";
import { cachedLogs, cachedMetrics, cachedTraces } from "../telemetry/cached-sources.ts";
import { createAnswerMemory } from "../telemetry/memory.ts";

interface Options {
  config: OperateAgentConfig;
  store: TelemetryStore;
  ingest: TelemetrySources["ingest"];
  own?: ScrapeTarget | null;
  http: OutboundHttp;
  now?: () => Date;
}

type Signal = "metrics" | "logs" | "traces";
const ENDPOINT = { metrics: "metricsEndpoint", logs: "logsEndpoint", traces: "tracesEndpoint" } as const;

/** Chooses where each signal is read: the home asked for, else the service's, else the external one if there is any. */
export function createTelemetrySources({ config, store, ingest, own = null, http, now }: Options): TelemetrySources {
  const external = externalSources(config, http, now);
  const choose = <T>(signal: Signal, { service, home }: Wanted, builtIn: T, other: T | null): T => {
    const configured = config.services.find((one) => one.name === service)?.telemetry?.[signal];
    const isOwn = own !== null && service === own.service;
    const wanted = home ?? configured ?? (other && !isOwn ? "external" : "built-in");
    if (wanted === "built-in") return builtIn;
    if (other) return other;
    throw new AppError(
      "PRECONDITION",
      `No external source of ${signal} is configured. Set \`monitoringConfig.${ENDPOINT[signal]}\`, or read the built-in ones.`,
      { details: { signal, key: `monitoringConfig.${ENDPOINT[signal]}` } },
    );
  };
  return {
    store,
    ingest,
    names: ingest,
    own,
    metrics: (wanted = {}) => choose("metrics", wanted, store.metrics, external.metrics),
    logs: (wanted = {}) => choose("logs", wanted, store.logs, external.logs),
    traces: (wanted = {}) => choose("traces", wanted, store.traces, external.traces),
  };
}

/** An adapter for each API. */
const LOG_SOURCES = {
  loki: createLokiSource,
} satisfies Record<(typeof LOGS_APIS)[number], unknown>;
const TRACE_SOURCES = {
  jaeger: createJaegerSource,
  tempo: createTempoSource,
} satisfies Record<(typeof TRACES_APIS)[number], unknown>;

/** Nothing is asked of them before their first use. */
function externalSources({ monitoringConfig, services }: OperateAgentConfig, http: OutboundHttp, now?: () => Date) {
  const { metricsEndpoint, logsEndpoint, tracesEndpoint, endpointHeaders: headers } = monitoringConfig;
  const clock = now ? { now } : {};
  const memory = { memory: createAnswerMemory(), ...clock };
  const labelsOf = (service: string, environment?: string): Record<string, string> =>
    seriesLabels(services.find((one) => one.name === service)?.telemetry?.labels ?? {}, service, environment);
  const metrics = metricsEndpoint
    ? createPrometheusSource({
        ...{ url: metricsEndpoint, headers, http, ...clock },
        scrapeSeconds: monitoringConfig.metricsIntervalSeconds,
        labelsOf: (service) => orElse(labelsOf(service), { service }),
      })
    : null;
  const createLogs = LOG_SOURCES[monitoringConfig.logsApi];
  const logs = logsEndpoint ? createLogs({ url: logsEndpoint, headers, http, labelsOf, ...clock }) : null;
  const createTraces = TRACE_SOURCES[monitoringConfig.tracesApi];
  const traces = tracesEndpoint ? createTraces({ url: tracesEndpoint, headers, http, ...clock }) : null;
  return {
    metrics: metrics && cachedMetrics(metrics, memory),
    logs: logs && cachedLogs(logs, memory),
    traces: traces && cachedTraces(traces, memory),
  };
}

const orElse = (labels: Record<string, string>, other: Record<string, string>): Record<string, string> =>
  Object.keys(labels).length > 0 ? labels : other;
