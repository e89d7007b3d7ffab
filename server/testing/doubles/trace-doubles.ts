import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Attributes, SpanRecord } from "#server/agent/ports/telemetry.ts";
import type { RunningServer } from "../monitoring-servers.ts";

/**
 * Jaeger and Tempo as their APIs are published, on given spans: the API of Jaeger's pages
 * (https://www.jaegertracing.io/docs/1.76/apis/#http-json), its QueryService v3 (query_service.openapi.yaml) and
 * Tempo's (https://grafana.com/docs/tempo/latest/api_docs/). They search spans, as the real ones do, and refuse what
 * they do not know.
 */

type Handler = (path: string, params: URLSearchParams, response: ServerResponse) => unknown;

async function serve(handle: Handler): Promise<RunningServer> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://traces");
    try {
      const body = handle(decodeURIComponent(url.pathname), url.searchParams, response);
      if (body instanceof Uint8Array) response.setHeader("content-type", "application/protobuf").end(body);
      else if (body === undefined) response.writeHead(404).end('{"errors":[{"code":404,"msg":"trace not found"}]}');
      else if (typeof body === "string") response.end(body);
      else response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    } catch (error) {
      response.writeHead(400).end((error as Error).message);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const grouped = (spans: readonly SpanRecord[]): SpanRecord[][] => [
  ...Map.groupBy(spans, ({ traceId }) => traceId).values(),
];
const unique = (values: string[]): string[] => [...new Set(values)];
const needed = (params: URLSearchParams, name: string): string => {
  const value = params.get(name);
  if (!value) throw new Error(`parameter '${name}' is required`);
  return value;
};

interface Search {
  service: string;
  operation: string | null;
  fromMs: number;
  toMs: number;
  leastMs: number;
  onlyErrors: boolean;
  limit: number;
}

/** Traces with a span that fulfils everything: newest first, cut at the limit. */
function searched(spans: readonly SpanRecord[], search: Search): SpanRecord[][] {
  const fits = (span: SpanRecord): boolean =>
    span.service === search.service &&
    (search.operation === null || span.name === search.operation) &&
    span.startMs >= search.fromMs &&
    span.startMs < search.toMs &&
    span.durationMs >= search.leastMs;
  // a tag is looked for on all spans of a matching trace: `error` stands where the failure was
  const failed = (trace: SpanRecord[]): boolean => trace.some(({ status }) => status === "error");
  const found = grouped(spans).filter((trace) => trace.some(fits) && (!search.onlyErrors || failed(trace)));
  return found.sort((a, b) => (b[0]?.startMs ?? 0) - (a[0]?.startMs ?? 0)).slice(0, search.limit);
}

const calls = (spans: readonly SpanRecord[], fromMs: number, toMs: number) => {
  const byId = new Map(spans.map((span) => [`${span.traceId}${span.spanId}`, span]));
  const counts = new Map<string, { parent: string; child: string; callCount: number }>();
  for (const span of spans) {
    const parent = byId.get(`${span.traceId}${span.parentSpanId}`);
    if (!parent || parent.service === span.service || span.startMs < fromMs || span.startMs >= toMs) continue;
    const key = `${parent.service} ${span.service}`;
    const edge = counts.get(key) ?? { parent: parent.service, child: span.service, callCount: 0 };
    counts.set(key, { ...edge, callCount: edge.callCount + 1 });
  }
  return [...counts.values()];
};

/** Go's `1.5s`, `100ms`, `20us`. */
function goMs(text: string | null): number {
  if (text === null) return 0;
  const parts = /^([\d.]+)(us|ms|s)$/.exec(text);
  if (!parts) throw new Error(`time: invalid duration "${text}"`);
  return Number(parts[1]) * { us: 0.001, ms: 1, s: 1_000 }[parts[2] as "us" | "ms" | "s"];
}

export const startJaegerDouble = (spans: readonly SpanRecord[]): Promise<RunningServer> =>
  serve((path, params) => {
    const operations = /^\/api\/services\/(.+)\/operations$/.exec(path)?.[1];
    const traceId = /^\/api\/traces\/([0-9a-f]+)$/.exec(path)?.[1];
    if (path === "/api/services") return { data: unique(spans.map(({ service }) => service)) };
    if (operations) return { data: unique(spans.filter((one) => one.service === operations).map(({ name }) => name)) };
    if (traceId) {
      const trace = spans.filter((span) => span.traceId === traceId);
      return trace.length > 0 ? { data: [jaegerTrace(trace)] } : undefined;
    }
    if (path === "/api/traces") {
      const search = {
        ...{ service: needed(params, "service"), operation: params.get("operation") },
        ...{ fromMs: Number(needed(params, "start")) / 1_000, toMs: Number(needed(params, "end")) / 1_000 },
        ...{ leastMs: goMs(params.get("minDuration")), onlyErrors: params.get("tags") === '{"error":"true"}' },
        limit: Number(params.get("limit") ?? 100),
      };
      return { data: searched(spans, search).map(jaegerTrace) };
    }
    if (path === "/api/dependencies") {
      const toMs = Number(needed(params, "endTs"));
      return { data: calls(spans, toMs - Number(needed(params, "lookback")), toMs) };
    }
    return "<!doctype html><title>Jaeger UI</title>"; // its pages answer every other path
  });

const tags = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({ key, type: typeof value, value }));

const jaegerTrace = (spans: readonly SpanRecord[]) => ({
  traceID: spans[0]?.traceId,
  spans: spans.map((span, i) => ({
    ...{ traceID: span.traceId, spanID: span.spanId, operationName: span.name, processID: `p${i}` },
    references: [
      ...(span.parentSpanId ? [{ refType: "CHILD_OF", traceID: span.traceId, spanID: span.parentSpanId }] : []),
      ...span.links.map(({ traceId, spanId }) => ({ refType: "FOLLOWS_FROM", traceID: traceId, spanID: spanId })),
    ],
    ...{ startTime: span.startMs * 1_000, duration: span.durationMs * 1_000 },
    tags: tags({
      ...span.attributes,
      "span.kind": span.kind,
      ...(span.status === "error" && { error: true, "otel.status_description": span.statusMessage }),
    }),
    logs: span.events.map(({ atMs, name, attributes }) => ({
      timestamp: atMs * 1_000,
      fields: tags({ event: name, ...attributes }),
    })),
  })),
  processes: Object.fromEntries(
    spans.map((span, i) => [
      `p${i}`,
      {
        serviceName: span.service,
        tags: tags({
          "service.version": span.version,
          "deployment.environment.name": span.environment,
          "service.instance.id": span.instance,
        }),
      },
    ]),
  ),
});

export const startJaegerV3Double = (spans: readonly SpanRecord[]): Promise<RunningServer> =>
  serve((path, params) => {
    const traceId = /^\/api\/v3\/traces\/([0-9a-f]+)$/.exec(path)?.[1];
    if (path === "/api/v3/services") return { services: unique(spans.map(({ service }) => service)) };
    if (path === "/api/v3/operations") {
      const own = spans.filter((one) => one.service === needed(params, "service"));
      return { operations: unique(own.map(({ name }) => name)).map((name) => ({ name, spanKind: "server" })) };
    }
    if (traceId) {
      const trace = spans.filter((span) => span.traceId === traceId);
      return trace.length > 0 ? { result: otlp(trace) } : undefined;
    }
    if (path === "/api/v3/traces") {
      const search = {
        ...{ service: needed(params, "query.serviceName"), operation: params.get("query.operationName") },
        fromMs: Date.parse(needed(params, "query.startTimeMin")),
        toMs: Date.parse(needed(params, "query.startTimeMax")),
        leastMs: goMs(params.get("query.durationMin")),
        onlyErrors: params.get("query.attributes") === '{"error":"true"}',
        limit: Number(params.get("query.searchDepth") ?? 100),
      };
      const found = searched(spans, search);
      return found.length > 0 ? { result: otlp(found.flat()) } : undefined;
    }
    if (path === "/api/v3/dependencies") {
      const edges = calls(spans, Date.parse(needed(params, "startTime")), Date.parse(needed(params, "endTime")));
      return { dependencies: edges.map((edge) => ({ ...edge, callCount: String(edge.callCount) })) };
    }
    throw new Error(`unknown path ${path}`);
  });

const nanos = (ms: number): string => String(BigInt(Math.round(ms * 1_000)) * 1_000n);
const anyValue = (value: unknown) =>
  typeof value === "number" ? { intValue: String(value) } : { stringValue: String(value) };
const keyValues = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

/** ExportTraceServiceRequest (and TracesData, which is the same) in OTLP's JSON. */
export const otlp = (spans: readonly SpanRecord[]) => ({
  resourceSpans: spans.map((span) => ({
    resource: {
      attributes: keyValues({
        "service.name": span.service,
        "service.version": span.version,
        "deployment.environment.name": span.environment,
        "service.instance.id": span.instance,
      }),
    },
    scopeSpans: [
      {
        spans: [
          {
            ...{ traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId ?? "", name: span.name },
            kind: ["internal", "server", "client", "producer", "consumer"].indexOf(span.kind) + 1,
            ...{ startTimeUnixNano: nanos(span.startMs), endTimeUnixNano: nanos(span.startMs + span.durationMs) },
            attributes: keyValues(span.attributes),
            events: span.events.map(({ atMs, name, attributes }) => ({
              ...{ timeUnixNano: nanos(atMs), name },
              attributes: keyValues(attributes),
            })),
            links: span.links.map(({ traceId, spanId, attributes }) => ({
              ...{ traceId, spanId, attributes: keyValues(attributes) },
            })),
            status: { code: { unset: 0, ok: 1, error: 2 }[span.status], message: span.statusMessage },
          },
        ],
      },
    ],
  })),
});

/** @param encode OTLP's protobuf of spans, which is also Tempo's Trace */
export const startTempoDouble = (
  spans: readonly SpanRecord[],
  encode: (spans: readonly SpanRecord[]) => Uint8Array,
): Promise<RunningServer> =>
  serve((path, params) => {
    const traceId = /^\/api\/traces\/([0-9a-f]+)$/.exec(path)?.[1];
    if (traceId) {
      const trace = spans.filter((span) => span.traceId === traceId);
      return trace.length > 0 ? encode(trace) : undefined;
    }
    const [fromMs, toMs] = [Number(needed(params, "start")) * 1_000, Number(needed(params, "end")) * 1_000];
    const own = spans.filter(({ startMs }) => startMs >= fromMs && startMs < toMs);
    const values = (found: string[]) => ({ tagValues: unique(found).map((value) => ({ type: "string", value })) });
    if (path === "/api/v2/search/tag/resource.service.name/values") return values(own.map(({ service }) => service));
    if (path === "/api/v2/search/tag/name/values") {
      const matches = spanset(params.get("q") ?? "{ }");
      return values(
        grouped(own).flatMap((trace) => trace.filter((span) => matches(span, trace)).map(({ name }) => name)),
      );
    }
    if (path !== "/api/search") throw new Error(`unknown path ${path}`);
    const sets = needed(params, "q")
      .split(/(?<=\}) && (?=\{)/)
      .map(spanset);
    const found = grouped(own).filter((trace) => sets.every((matches) => trace.some((span) => matches(span, trace))));
    const newest = found.sort((a, b) => (b[0]?.startMs ?? 0) - (a[0]?.startMs ?? 0));
    return { traces: newest.slice(0, Number(params.get("limit") ?? 20)).map(tempoTrace), metrics: {} };
  });

function tempoTrace(trace: readonly SpanRecord[]) {
  const root = trace.find(({ parentSpanId }) => parentSpanId === null) ?? trace[0];
  const serviceStats = Object.fromEntries(
    [...Map.groupBy(trace, ({ service }) => service)].map(([service, own]) => {
      const errorCount = own.filter(({ status }) => status === "error").length;
      return [service, { spanCount: own.length, ...(errorCount > 0 && { errorCount }) }];
    }),
  );
  return {
    // Tempo leaves out zeros in front
    traceID: trace[0]?.traceId.replace(/^0+/, ""),
    ...{ rootServiceName: root?.service, rootTraceName: root?.name, startTimeUnixNano: nanos(root?.startMs ?? 0) },
    ...{ durationMs: Math.round(durationOf(trace)), serviceStats },
  };
}

const durationOf = (trace: readonly SpanRecord[]): number =>
  Math.max(...trace.map(({ startMs, durationMs }) => startMs + durationMs)) -
  Math.min(...trace.map(({ startMs }) => startMs));

const FIELDS: Record<string, (span: SpanRecord, trace: readonly SpanRecord[]) => string | number> = {
  name: ({ name }) => name,
  status: ({ status }) => status,
  "resource.service.name": ({ service }) => service,
  "resource.service.version": ({ version }) => version,
  "resource.deployment.environment.name": ({ environment }) => environment,
  "resource.deployment.environment": () => "",
  traceDuration: (_, trace) => durationOf(trace),
};

/** `{ a = "x" && (b = "y" || c = "z") && traceDuration >= 5us }` */
function spanset(text: string): (span: SpanRecord, trace: readonly SpanRecord[]) => boolean {
  const inner = /^\{ (.*) ?\}$/s.exec(text)?.[1];
  if (inner === undefined) throw new Error(`invalid TraceQL query: ${text}`);
  const alternatives = inner.trim() === "" ? [] : inner.trim().split(/ && (?=\(|[a-z])/);
  const tests = alternatives.map((part) =>
    part
      .replace(/^\((.*)\)$/s, "$1")
      .split(" || ")
      .map(comparison),
  );
  return (span, trace) => tests.every((any) => any.some((test) => test(span, trace)));
}

function comparison(text: string): (span: SpanRecord, trace: readonly SpanRecord[]) => boolean {
  const [, field = "", op, value = ""] = /^([\w.]+) (=|>=|<=) (.+)$/s.exec(text) ?? [];
  const read = FIELDS[field];
  if (!read) throw new Error(`invalid TraceQL query: ${text}`);
  if (op === "=") return (...given) => read(...given) === (value.startsWith('"') ? JSON.parse(value) : value);
  const bound = goMs(value);
  return (...given) => (op === ">=" ? Number(read(...given)) >= bound : Number(read(...given)) <= bound);
}
