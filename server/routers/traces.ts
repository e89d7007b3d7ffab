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
const READ = { destructive: false, idempotent: true, openWorld: true, outsideText: true };

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
          "with get_trace; to compare a version's failures pass version and onlyErrors. Not for rates, as not all is " +
          "traced: use query_metrics or get_service.",
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
          "One trace by its id (of list_traces or a log line): where the time went and what failed first, " +
          "time by service, and the spans as a waterfall; only shortening the critical path makes the request " +
          "faster. links and linkedFrom: other traces. Truncated keeps what failed and took longest: raise " +
          "limit only if the summary leaves a question open. Its log: search_logs trace:<id>.",
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
