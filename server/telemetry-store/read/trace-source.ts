import type { TraceSource } from "../../agent/ports/trace-source.ts";
import type { StoreParts } from "../write/record-writer.ts";
import { answered, BUILT_IN } from "./answer.ts";
import { callEdges, servedCounts, tracedOperations, tracedServices } from "./read-calls.ts";
import { getTrace, linksTo, listTraces } from "./read-traces.ts";

export function createTraceSource({ database, now }: StoreParts): TraceSource {
  return {
    info: BUILT_IN,
    list: async (query, signal) => answered(await listTraces(database, query, signal), now()),
    get: async (traceId, signal) => answered(await getTrace(database, traceId, signal), now()),
    linksTo: async (query, signal) => answered(await linksTo(database, query, signal), now()),
    services: async (window) => answered(await tracedServices(database, window), now()),
    operations: async (query) => answered(await tracedOperations(database, query), now()),
    edges: async (query) => answered(await callEdges(database, query, now()), now()),
    served: async (query) => answered(await servedCounts(database, query), now()),
  };
}
