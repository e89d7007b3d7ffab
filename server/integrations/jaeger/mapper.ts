import { z } from "zod";
import {
  type Attributes,
  type AttributeValue,
  SPAN_KINDS,
  type SpanRecord,
  type SpanStatus,
} from "../../agent/ports/telemetry.ts";
import type { TraceSummaryRecord } from "../../agent/ports/trace-source.ts";
import { rootSpan } from "../../agent/telemetry/root-span.ts";

/** Jaeger's shapes as ours. */

const Tag = z.object({ key: z.string(), value: z.unknown() });
/** A trace of the API of Jaeger's pages; times in microseconds. */
export const TraceJson = z.object({
  traceID: z.string(),
  spans: z.array(
    z.object({
      traceID: z.string(),
      spanID: z.string(),
      operationName: z.string(),
      references: z.array(z.object({ refType: z.string(), traceID: z.string(), spanID: z.string() })).nullish(),
      startTime: z.number(),
      duration: z.number(),
      tags: z.array(Tag).nullish(),
      logs: z.array(z.object({ timestamp: z.number(), fields: z.array(Tag).nullish() })).nullish(),
      processID: z.string().default(""),
    }),
  ),
  processes: z.record(z.string(), z.object({ serviceName: z.string(), tags: z.array(Tag).nullish() })).default({}),
});
type TraceJson = z.infer<typeof TraceJson>;

const attributesOf = (tags: readonly z.infer<typeof Tag>[] | null | undefined): Attributes =>
  Object.fromEntries((tags ?? []).map(({ key, value }) => [key, value as AttributeValue]));

const textOf = (attributes: Attributes, ...names: string[]): string => {
  const found = names.map((name) => attributes[name]).find((value) => typeof value === "string" && value !== "");
  return typeof found === "string" ? found : "";
};

/** ids of 64 bits are written short */
const traceIdOf = (id: string): string => id.toLowerCase().padStart(32, "0");
const spanIdOf = (id: string): string => id.toLowerCase().padStart(16, "0");

export function spansOf({ spans, processes }: TraceJson): SpanRecord[] {
  return spans.map((span) => {
    const process = processes[span.processID];
    const from = attributesOf(process?.tags);
    const attributes = attributesOf(span.tags);
    const references = span.references ?? [];
    const parent = references.find(({ refType, traceID }) => refType === "CHILD_OF" && traceID === span.traceID);
    return {
      traceId: traceIdOf(span.traceID),
      spanId: spanIdOf(span.spanID),
      parentSpanId: parent ? spanIdOf(parent.spanID) : null,
      service: process?.serviceName ?? "",
      environment: textOf(from, "deployment.environment.name", "deployment.environment"),
      version: textOf(from, "service.version"),
      instance: textOf(from, "service.instance.id", "k8s.pod.name", "host.name", "hostname"),
      name: span.operationName,
      kind: SPAN_KINDS.find((kind) => kind === attributes["span.kind"]) ?? "internal",
      status: statusOf(attributes),
      statusMessage: textOf(attributes, "otel.status_description", "error.message"),
      startMs: span.startTime / 1_000,
      durationMs: span.duration / 1_000,
      attributes,
      events: (span.logs ?? []).map(({ timestamp, fields }) => {
        const { event, ...rest } = attributesOf(fields);
        return { atMs: timestamp / 1_000, name: typeof event === "string" ? event : "log", attributes: rest };
      }),
      // of links of OpenTelemetry this API gives the ids alone
      links: references
        .filter((reference) => reference !== parent)
        .map(({ traceID, spanID }) => ({ traceId: traceIdOf(traceID), spanId: spanIdOf(spanID), attributes: {} })),
    };
  });
}

/** OpenTelemetry's status where there is one, else OpenTracing's `error`. */
function statusOf(attributes: Attributes): SpanStatus {
  const code = textOf(attributes, "otel.status_code").toLowerCase();
  if (attributes.error === true || attributes.error === "true" || code === "error") return "error";
  return code === "ok" ? "ok" : "unset";
}

/** Spans by trace. */
export function byTrace(spans: readonly SpanRecord[]): Map<string, SpanRecord[]> {
  const traces = new Map<string, SpanRecord[]>();
  for (const span of spans) {
    const known = traces.get(span.traceId);
    if (known) known.push(span);
    else traces.set(span.traceId, [span]);
  }
  return traces;
}

/** A trace as one row of a list; null without spans. */
export function summaryOf(spans: readonly SpanRecord[]): TraceSummaryRecord | null {
  const sorted = [...spans].sort((a, b) => a.startMs - b.startMs);
  const found = rootSpan(sorted);
  const first = sorted[0];
  if (!found || !first) return null;
  const { root, durationMs } = found;
  return {
    traceId: first.traceId,
    rootService: root.service,
    rootName: root.name,
    startAt: new Date(first.startMs).toISOString(),
    durationMs,
    spans: sorted.length,
    errors: sorted.filter(({ status }) => status === "error").length,
    services: [...new Set(sorted.map(({ service }) => service))].sort(),
  };
}
