import { AppError } from "../../agent/kernel/errors.ts";
import type { Answer, TimeWindow } from "../../agent/ports/source.ts";
import type { SpanRecord } from "../../agent/ports/telemetry.ts";
import type { TraceFilter, TraceSource, TraceSummaryRecord } from "../../agent/ports/trace-source.ts";
import { createEndpoint, type Endpoint, type EndpointOptions } from "../http/endpoint.ts";
import { createV1Client } from "./api-v1.ts";
import { createV3Client, speaksV3, V3_SERVICES } from "./api-v3.ts";
import type { JaegerClient } from "./client.ts";
import { byTrace, summaryOf } from "./mapper.ts";

export interface JaegerOptions extends EndpointOptions {
  now?: () => Date;
}

/** Jaeger searches one service at a time; without a service so many are searched */
const MOST_SERVICES = 20;
/** versions and environments are looked at here, so that more traces are fetched than are shown */
const SURPLUS = 3;
const MOST_TRACES = 600;

/**
 * A TraceSource on Jaeger's query service: its API v3 where it answers, else the one of Jaeger's own pages, which
 * others speak, too. It searches spans, not traces, so what concerns a whole trace is judged here; durations of calls
 * are not known to it.
 */
export function createJaegerSource(options: JaegerOptions): TraceSource {
  const { now = () => new Date() } = options;
  const endpoint = createEndpoint(options);
  const clientOf = createChoice(endpoint);
  const info = { kind: "jaeger" as const, address: endpoint.address };
  const answer = <T>(data: T): Answer<T> => ({ data, source: info, asOf: now().toISOString(), stale: false });

  return {
    info,
    served: null,
    linksTo: null,
    async list({ window, filter, limit, cursor }, signal) {
      const client = await clientOf();
      const { to, known } = positionOf(cursor, window);
      const services = filter.service === undefined ? await client.services() : [filter.service];
      const { operation, minDurationMs, onlyErrors } = filter;
      const search = { operation, minDurationMs, onlyErrors, window: { from: window.from, to } };
      const wanted = Math.min(MOST_TRACES, (limit + known.size) * SURPLUS);
      const found = await Promise.all(
        services.slice(0, MOST_SERVICES).map((service) => client.search({ ...search, service, limit: wanted }, signal)),
      );
      const traces = [...byTrace(unique(found.flat())).values()];
      const kept = traces.filter((spans) => passes(spans, filter));
      const rows = kept.flatMap((spans) => summaryOf(spans) ?? []).filter(({ traceId }) => !known.has(traceId));
      rows.sort((a, b) => b.startAt.localeCompare(a.startAt) || (a.traceId < b.traceId ? -1 : 1));
      const items = rows.slice(0, limit);
      if (rows.length > limit) return answer({ items, nextCursor: cursorAfter(items, known, to) });
      const cut = found.some((spans) => byTrace(spans).size >= wanted);
      return answer({ items, nextCursor: cut ? cursorBefore(traces, to) : null });
    },
    async get(traceId, signal) {
      const spans = await (await clientOf()).trace(traceId, signal);
      return answer(spans && unique(spans).sort((a, b) => a.startMs - b.startMs));
    },
    services: async () => answer((await (await clientOf()).services()).sort()),
    operations: async ({ service }) => answer([...new Set(await (await clientOf()).operations(service))].sort()),
    async edges({ window }) {
      const calls = await (await clientOf()).dependencies(window);
      return answer(
        calls.map(({ parent, child, callCount }) => ({
          ...{ from: parent, to: child, calls: callCount },
          ...{ errors: null, latency: null },
        })),
      );
    },
  };
}

/** Found out once, by the first question; a failure is asked again. */
function createChoice(endpoint: Endpoint): () => Promise<JaegerClient> {
  let choice: Promise<JaegerClient> | null = null;
  const choose = async (): Promise<JaegerClient> => {
    const answer = await endpoint.ask(V3_SERVICES, []);
    if (answer.status >= 500)
      throw new AppError("UPSTREAM_UNAVAILABLE", `${endpoint.address} cannot answer now (status ${answer.status}).`);
    return isV3(answer.text) ? createV3Client(endpoint) : createV1Client(endpoint);
  };
  return () => {
    choice ??= choose().catch((error) => {
      choice = null;
      throw error;
    });
    return choice;
  };
}

function isV3(text: string): boolean {
  try {
    return speaksV3(JSON.parse(text));
  } catch {
    return false;
  }
}

const unique = (spans: readonly SpanRecord[]): SpanRecord[] => [
  ...new Map(spans.map((span) => [`${span.traceId}${span.spanId}`, span])).values(),
];

function passes(spans: readonly SpanRecord[], filter: TraceFilter): boolean {
  const { service, operation, environment, version, onlyErrors } = filter;
  const own = spans.filter(
    (span) =>
      (service === undefined || span.service === service) &&
      (operation === undefined || span.name === operation) &&
      (environment === undefined || span.environment === environment) &&
      (version === undefined || span.version === version),
  );
  const durationMs = summaryOf(spans)?.durationMs ?? 0;
  return (
    own.length > 0 &&
    (!onlyErrors || spans.some(({ status }) => status === "error")) &&
    durationMs >= (filter.minDurationMs ?? 0) &&
    durationMs <= (filter.maxDurationMs ?? Number.POSITIVE_INFINITY)
  );
}

/** The end of the next page, and the traces of its last millisecond that were given already. */
function cursorAfter(items: readonly TraceSummaryRecord[], known: ReadonlySet<string>, to: Date): string {
  const last = items.at(-1);
  if (!last) return `${to.getTime()}.`;
  const endMs = Date.parse(last.startAt) + 1;
  const same = items.filter(({ startAt }) => startAt === last.startAt).map(({ traceId }) => traceId);
  const before = endMs === to.getTime() ? [...known] : [];
  return `${endMs}.${[...before, ...same].slice(-MOST_KNOWN).join(",")}`;
}

/** Jaeger cut what it found, and nothing more of it is wanted: on with what is older; null where that leads nowhere. */
function cursorBefore(traces: readonly SpanRecord[][], to: Date): string | null {
  const starts = traces.flatMap((spans) => summaryOf(spans)?.startAt ?? []).sort();
  const earliestMs = Date.parse(starts[0] ?? "");
  return earliestMs < to.getTime() ? `${earliestMs}.` : null;
}

/** of 32 digits each, so that a cursor stays short */
const MOST_KNOWN = 10;

function positionOf(cursor: string | undefined, window: TimeWindow): { to: Date; known: ReadonlySet<string> } {
  if (cursor === undefined) return { to: window.to, known: new Set() };
  const parts = /^(\d{1,15})\.([0-9a-f,]*)$/.exec(cursor);
  if (!parts) throw new AppError("INVALID", "The cursor is not one of Jaeger's pages. Begin without a cursor.");
  return { to: new Date(Number(parts[1])), known: new Set(parts[2]?.split(",").filter(Boolean)) };
}
