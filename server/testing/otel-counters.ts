import { setTimeout as delay } from "node:timers/promises";
import { metrics } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";

/** A program that counts to 1,000 in ten steps, and exports after each with the official SDK. */
process.env.OTEL_METRICS_EXPORTER = "otlp";
process.env.OTEL_TRACES_EXPORTER = "none";
process.env.OTEL_LOGS_EXPORTER = "none";
const sdk = new NodeSDK();
sdk.start();

const jobs = metrics.getMeter("jobs").createCounter("jobs.done");
for (let i = 0; i < 10; i++) {
  jobs.add(100);
  await delay(150); // longer than the export interval that the test sets
}
await sdk.shutdown();
process.exit(0);
