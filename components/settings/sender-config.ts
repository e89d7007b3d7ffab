/** What an OpenTelemetry SDK or collector takes from its environment. `origin` as in https://operate.example.com. */
export const senderConfig = (origin: string, secret: string): string =>
  [
    `OTEL_EXPORTER_OTLP_ENDPOINT=${origin}/api/ingest`,
    "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
    `OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20${secret}`,
  ].join("\n");
