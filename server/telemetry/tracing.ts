import { context, ProxyTracerProvider, trace } from "@opentelemetry/api";
import { SHARE, TRACER } from "../agent/telemetry/span.ts";

/** Sends Operate's own spans; with the metrics at /metrics and the logs, Operate is a service like any other. */

export interface Tracing {
  /** Sends what has gathered; gives up after half a second. */
  stop(): Promise<void>;
}

const OFF: Tracing = { stop: async () => {} };
const LONGEST_FLUSH_MS = 500;
const BATCH = { maxQueueSize: 2_048, maxExportBatchSize: 512, exportTimeoutMillis: 5_000 };
const BATCH_EVERY_MS = 2_000;

/**
 * Starts tracing in this process when there is somewhere to send to: OTEL_EXPORTER_OTLP_ENDPOINT (with
 * OTEL_EXPORTER_OTLP_HEADERS) as in every OpenTelemetry program, else Operate's own OPERATE_INGEST_URL with
 * OPERATE_INGEST_SECRET. OTEL_SDK_DISABLED=true turns it off; OTEL_TRACES_SAMPLER_ARG (0…1) is the share of traces to
 * record, OTEL_BSP_SCHEDULE_DELAY the ms between batches. The SDK is loaded only then. Spans that cannot be sent are dropped. Call it once per process.
 * @param component the process, `web`, as instance of the service `operate`
 */
export async function startTracing(component: string, env: NodeJS.ProcessEnv = process.env): Promise<Tracing> {
  const target = targetOf(env);
  if (!target || env.OTEL_SDK_DISABLED === "true") return OFF;
  const [{ BasicTracerProvider, BatchSpanProcessor, ParentBasedSampler }, exporting, resources, contexts] =
    await Promise.all([
      import("@opentelemetry/sdk-trace-base"),
      import("@opentelemetry/exporter-trace-otlp-proto"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/context-async-hooks"),
    ]);
  const { shareSampler } = await import("./share-sampler.ts");
  const provider = new BasicTracerProvider({
    resource: resources.resourceFromAttributes({
      "service.name": env.OTEL_SERVICE_NAME ?? "operate",
      "service.instance.id": `${component}-${process.pid}`,
      "deployment.environment.name": "operate",
    }),
    sampler: new ParentBasedSampler({ root: shareSampler(Number(env.OTEL_TRACES_SAMPLER_ARG ?? 1), SHARE) }),
    spanProcessors: [
      new BatchSpanProcessor(new exporting.OTLPTraceExporter(target), {
        ...BATCH,
        scheduledDelayMillis: Number(env.OTEL_BSP_SCHEDULE_DELAY ?? BATCH_EVERY_MS),
      }),
    ],
  });
  context.setGlobalContextManager(new contexts.AsyncLocalStorageContextManager().enable());
  // Next and DBOS trace themselves as soon as they find a provider; theirs would be many and say little
  const silent = new ProxyTracerProvider();
  const own = provider.getTracer(TRACER);
  trace.setGlobalTracerProvider({ getTracer: (name) => (name === TRACER ? own : silent.getTracer(name)) });
  return {
    stop: () => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, LONGEST_FLUSH_MS).unref());
      // what cannot be sent at the end is lost, as it would be at any other time
      return Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}

/** How the exporter is to send; null when there is nowhere to send to. What OpenTelemetry's variables say it reads itself. */
function targetOf(env: NodeJS.ProcessEnv): { url?: string; headers?: Record<string, string> } | null {
  if (env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return {};
  if (!env.OPERATE_INGEST_URL || !env.OPERATE_INGEST_SECRET) return null;
  return {
    url: `${env.OPERATE_INGEST_URL}/v1/traces`,
    headers: { authorization: `Bearer ${env.OPERATE_INGEST_SECRET}` },
  };
}
