import { metrics, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { logs, SeverityNumber } from "@opentelemetry/api-logs";
import { NodeSDK } from "@opentelemetry/sdk-node";

/** A program instrumented with the official SDK, which takes where to send from its environment. */
process.env.OTEL_METRICS_EXPORTER = "otlp";
process.env.OTEL_LOGS_EXPORTER = "otlp";
const sdk = new NodeSDK();
sdk.start();

const meter = metrics.getMeter("shop");
meter.createCounter("orders").add(3, { shop: "north" });
meter.createHistogram("charge.duration", { unit: "ms" }).record(12.5);
trace.getTracer("shop").startActiveSpan("checkout", { kind: SpanKind.SERVER }, (span) => {
  trace.getTracer("shop").startSpan("charge").end();
  logs.getLogger("shop").emit({ severityNumber: SeverityNumber.ERROR, body: "card 17 declined" });
  span.setStatus({ code: SpanStatusCode.ERROR, message: "declined" });
  span.end();
});
await sdk.shutdown();
process.exit(0);
