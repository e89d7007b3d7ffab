import { getTrace, listTraces, serviceMap, traceFacets } from "../agent/traces/index.ts";
import {
  GetTraceInput,
  GetTraceOutput,
  ListTracesInput,
  ListTracesOutput,
  ServiceMapInput,
  ServiceMapOutput,
  TraceFacetsInput,
  TraceFacetsOutput,
} from "../agent/traces/schema.ts";
import { paged, procedure, router } from "./trpc.ts";

/** a source may be outside of Operate */
const READ = { destructive: false, idempotent: true, openWorld: true };

export const tracesRouter = router({
  list: procedure
    .meta({
      permission: "telemetry.read",
      mcp: {
        name: "list_traces",
        title: "List traces",
        description:
          "Traces of a time window, newest first, page by page: id, where it began, how long it took, how many spans " +
          "and errors, which services took part. Filter by service, environment, operation (the name of one of its " +
          "spans), version, duration, or onlyErrors. Use it to find examples of what is slow or fails, then look at one " +
          "with get_trace; to compare a version's failures pass version and onlyErrors. Not for rates: not every request " +
          "need be traced, so use query_metrics or get_service. For the calls between services use get_service_map.",
        ...READ,
      },
    })
    .input(ListTracesInput)
    .use(paged)
    .output(ListTracesOutput)
    .query(({ ctx, input, signal }) => listTraces(ctx.agent, input, signal)),
  facets: procedure
    .meta({ permission: "telemetry.read" })
    .input(TraceFacetsInput)
    .output(TraceFacetsOutput)
    .query(({ ctx, input }) => traceFacets(ctx.agent, input)),
  get: procedure
    .meta({
      permission: "telemetry.read",
      mcp: {
        name: "get_trace",
        title: "Get a trace",
        description:
          "One trace by its id (from list_traces, or trace_id of a log line): a sentence that says where the time went " +
          "and what failed first, time by service, and the spans in the order of a waterfall with duration, time of " +
          "their own, and whether they are on the critical path: only shortening those makes the request faster. When " +
          "truncated, the critical path, what failed and the longest are there. Log lines of the trace: search_logs with trace:<id>.",
        ...READ,
      },
    })
    .input(GetTraceInput)
    .output(GetTraceOutput)
    .query(({ ctx, input, signal }) => getTrace(ctx.agent, input, signal)),
  map: procedure
    .meta({
      permission: "telemetry.read",
      mcp: {
        name: "get_service_map",
        title: "Get the service map",
        description:
          "Which services there are and who calls whom, from traces of the last 15m, 1h, 6h or 24h and from configured " +
          "dependencies, worst first: health, version, request rate, error share and p95 of each service and of each " +
          "connection, and a sentence that follows failures to where they come from. Use it to see what a failing " +
          "service depends on and who feels it. kind external: it is called but sends no spans, so its figures are its " +
          "callers'. seen false: configured, but no call in the range.",
        ...READ,
      },
    })
    .input(ServiceMapInput)
    .output(ServiceMapOutput)
    .query(({ ctx, input }) => serviceMap(ctx.agent, input)),
});
