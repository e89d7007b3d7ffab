import { AppError } from "../../agent/kernel/errors.ts";
import type { Answer, TimeWindow } from "../../agent/ports/source.ts";
import type { TraceSource, TraceSummaryRecord } from "../../agent/ports/trace-source.ts";
import { createEndpoint, type EndpointOptions } from "../http/endpoint.ts";
import { createTempoClient, type TempoTrace } from "./client.ts";
import { traceqlOf } from "./traceql.ts";

export interface TempoOptions extends EndpointOptions {
  now?: () => Date;
}

/** A TraceSource on Tempo (2.4 and later), by TraceQL. It counts no calls: its service graphs are metrics elsewhere. */
export function createTempoSource(options: TempoOptions): TraceSource {
  const { now = () => new Date() } = options;
  const endpoint = createEndpoint(options);
  const client = createTempoClient(endpoint);
  const info = { kind: "tempo" as const, address: endpoint.address };
  const answer = <T>(data: T): Answer<T> => ({ data, source: info, asOf: now().toISOString(), stale: false });
  const span = ({ from, to }: TimeWindow) => ({ fromMs: from.getTime(), toMs: to.getTime() });
  return {
    info,
    edges: null,
    served: null,
    linksTo: null,
    async list({ window, filter, limit, cursor }, signal) {
      const { fromMs } = span(window);
      const { toMs, known } = positionOf(cursor, window);
      const wanted = limit + known.size + 1;
      const found = await client.search({ traceql: traceqlOf(filter), fromMs, toMs, limit: wanted }, signal);
      const rows = found.map(summaryOf).filter((row) => within(row, fromMs, toMs) && !known.has(row.traceId));
      rows.sort((a, b) => b.startAt.localeCompare(a.startAt) || (a.traceId < b.traceId ? -1 : 1));
      const items = rows.slice(0, limit);
      return answer({ items, nextCursor: found.length >= wanted ? cursorAfter(items, known, toMs) : null });
    },
    async get(traceId, signal) {
      const spans = await client.trace(traceId, signal);
      return answer(spans?.sort((a, b) => a.startMs - b.startMs) ?? null);
    },
    async services(window) {
      const values = await client.values({ tag: "resource.service.name", traceql: null, ...span(window) });
      return answer(values.sort());
    },
    async operations({ service, window }) {
      const values = await client.values({ tag: "name", traceql: traceqlOf({ service }), ...span(window) });
      return answer(values.sort());
    },
  };
}

/** Without statistics (Tempo before 2.4) the counts are not known, and 0. */
function summaryOf(trace: TempoTrace): TraceSummaryRecord {
  const services = Object.entries(trace.serviceStats ?? {});
  return {
    traceId: trace.traceID.toLowerCase().padStart(32, "0"),
    rootService: trace.rootServiceName,
    rootName: trace.rootTraceName,
    startAt: new Date(Number(BigInt(trace.startTimeUnixNano) / 1_000_000n)).toISOString(),
    durationMs: trace.durationMs,
    spans: services.reduce((sum, [, { spanCount }]) => sum + spanCount, 0),
    errors: services.reduce((sum, [, { errorCount }]) => sum + errorCount, 0),
    services: services.map(([name]) => name).sort(),
  };
}

const within = ({ startAt }: TraceSummaryRecord, fromMs: number, toMs: number): boolean =>
  Date.parse(startAt) >= fromMs && Date.parse(startAt) < toMs;

/** of 32 digits each, so that a cursor stays short */
const MOST_KNOWN = 10;

/** The end of the next page, and the traces of its last millisecond that were given already. */
function cursorAfter(items: readonly TraceSummaryRecord[], known: ReadonlySet<string>, toMs: number): string | null {
  const last = items.at(-1);
  if (!last) return null;
  const endMs = Date.parse(last.startAt) + 1;
  const same = items.filter(({ startAt }) => startAt === last.startAt).map(({ traceId }) => traceId);
  const before = endMs === toMs ? [...known] : [];
  return `${endMs}.${[...before, ...same].slice(-MOST_KNOWN).join(",")}`;
}

function positionOf(cursor: string | undefined, window: TimeWindow): { toMs: number; known: ReadonlySet<string> } {
  if (cursor === undefined) return { toMs: window.to.getTime(), known: new Set() };
  const parts = /^(\d{1,15})\.([0-9a-f,]*)$/.exec(cursor);
  if (!parts) throw new AppError("INVALID", "The cursor is not one of Tempo's pages. Begin without a cursor.");
  return { toMs: Number(parts[1]), known: new Set(parts[2]?.split(",").filter(Boolean)) };
}
