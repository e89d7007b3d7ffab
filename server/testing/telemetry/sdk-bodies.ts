import { createRequire } from "node:module";
import { logs, metrics, resources, tracing } from "@opentelemetry/sdk-node";

/**
 * Bodies as the SDK for Node sends them, in both encodings of the same data: its serializers come with its exporters
 * and are taken from there.
 */

interface Serializer {
  serializeRequest(data: unknown): Uint8Array;
  deserializeResponse(body: Uint8Array): unknown;
}
type Names = `${"Protobuf" | "Json"}${"Logs" | "Metrics" | "Trace"}Serializer`;

const ofSdk = createRequire(createRequire(import.meta.url).resolve("@opentelemetry/sdk-node"));
export const serializers = ofSdk("@opentelemetry/otlp-transformer") as Record<Names, Serializer>;

export interface Bodies {
  protobuf: Uint8Array;
  json: Uint8Array;
}

const RESOURCE = resources.resourceFromAttributes({
  "service.name": "checkout",
  "service.version": "1.4.2",
  "service.instance.id": "checkout-7",
  "deployment.environment.name": "production",
  "host.name": "node-3",
  "k8s.namespace.name": "shop",
  "telemetry.sdk.language": "nodejs",
  "process.pid": 4711,
});

/** What a program writes with a logger of the SDK. */
export async function logBodies(
  write: (logger: ReturnType<logs.LoggerProvider["getLogger"]>) => void,
): Promise<Bodies> {
  const exporter = new logs.InMemoryLogRecordExporter();
  const processors = [new logs.SimpleLogRecordProcessor({ exporter })];
  const provider = new logs.LoggerProvider({ resource: RESOURCE, processors });
  write(provider.getLogger("cart"));
  await provider.forceFlush();
  const records = exporter.getFinishedLogRecords();
  return both("Logs", records);
}

/** What a program traces with the SDK. */
export async function traceBodies(
  write: (tracer: ReturnType<tracing.BasicTracerProvider["getTracer"]>) => void,
): Promise<Bodies> {
  const exporter = new tracing.InMemorySpanExporter();
  const provider = new tracing.BasicTracerProvider({
    resource: RESOURCE,
    spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
  });
  write(provider.getTracer("http"));
  await provider.forceFlush();
  return both("Trace", exporter.getFinishedSpans());
}

/** What a program measures with the SDK; histograms become exponential ones where their names say so. */
export async function metricBodies(
  measure: (meter: ReturnType<metrics.MeterProvider["getMeter"]>) => void,
  temporality: "cumulative" | "delta" = "cumulative",
): Promise<Bodies> {
  const exporter = new metrics.InMemoryMetricExporter(
    temporality === "delta" ? metrics.AggregationTemporality.DELTA : metrics.AggregationTemporality.CUMULATIVE,
  );
  const reader = new metrics.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new metrics.MeterProvider({
    resource: RESOURCE,
    readers: [reader],
    views: [{ instrumentName: "*.exponential", aggregation: { type: metrics.AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  measure(provider.getMeter("http"));
  await reader.forceFlush();
  const [collected] = exporter.getMetrics();
  await provider.shutdown();
  return both("Metrics", collected);
}

const both = (signal: "Logs" | "Metrics" | "Trace", data: unknown): Bodies => ({
  protobuf: serializers[`Protobuf${signal}Serializer`].serializeRequest(data),
  json: serializers[`Json${signal}Serializer`].serializeRequest(data),
});
