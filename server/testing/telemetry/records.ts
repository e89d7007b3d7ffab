import type { LogRecord, SeriesSamples, SpanRecord } from "#server/agent/ports/telemetry.ts";
import type { MinedLog, Sender } from "#server/agent/ports/telemetry-store.ts";

/** Records with everything set, for tests that care for one field. */

export const SENDER: Sender = { protocol: "otlp", name: "test" };

const ORIGIN = { service: "checkout", environment: "production", version: "1.0.0", instance: "a" };

export const logLine = (given: Partial<MinedLog> & Pick<LogRecord, "atMs">): MinedLog => ({
  ...ORIGIN,
  ...{ severity: 9, body: "ready", attributes: {}, traceId: null, spanId: null, patternId: null },
  ...given,
});

export const samples = (given: Partial<SeriesSamples> & Pick<SeriesSamples, "timesMs" | "values">): SeriesSamples => ({
  name: "requests_total",
  labels: { service: "checkout" },
  kind: "counter",
  unit: "",
  ...given,
});

let spans = 0;
export const spanOf = (given: Partial<SpanRecord> & Pick<SpanRecord, "startMs">): SpanRecord => {
  spans += 1;
  return {
    ...ORIGIN,
    ...{ traceId: "a".repeat(32), spanId: spans.toString(16).padStart(16, "0"), parentSpanId: null },
    ...{
      name: "GET /",
      kind: "server",
      status: "unset",
      statusMessage: "",
      durationMs: 10,
      attributes: {},
      events: [],
      links: [],
    },
    ...given,
  };
};
