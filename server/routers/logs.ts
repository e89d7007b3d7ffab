import { analyzeLogs, logContext, logCounts, logFacets, searchLogs, updatePattern } from "../agent/logs/index.ts";
import {
  AnalyzeLogsInput,
  AnalyzeLogsOutput,
  LogContextInput,
  LogContextOutput,
  LogCountsInput,
  LogCountsOutput,
  LogFacetsInput,
  LogFacetsOutput,
  SearchLogsInput,
  SearchLogsOutput,
  UpdatePatternInput,
  UpdatePatternOutput,
} from "../agent/logs/schema.ts";
import { untilEnded } from "./rights.ts";
import { paged, procedure, router, writes } from "./trpc.ts";

/** a source may be outside of Operate */
const READ = { destructive: false, idempotent: true, openWorld: true, outsideText: true };

export const logsRouter = router({
  analyze: procedure
    .meta({
      permission: "telemetry.read",
      mcp: {
        name: "analyze_logs",
        title: "Analyse logs",
        description:
          "What the logs of a window say, without reading them: totals against the equal window before, patterns of " +
          "lines ranked by what matters, and anomalies with their numbers: patterns that are new, emerging, gone or " +
          "bursting, a change of the error ratio, traces that break off, each with the deployment it began with when " +
          "there is one. Start here when something is wrong, with a window that covers the begin of it (15 min to a " +
          "day; at most 31 days); narrow by service, environment, logLevel or query. " +
          "Each pattern has a query for search_logs, which shows its lines. Page through patterns with cursor; " +
          "anomalies, trend and recommendations come with the first page. Null is not known, notes say why.",
        ...READ,
        // lines of an external source are read and mined while the caller waits, and is told how far it is
        maxSeconds: 120,
      },
    })
    .input(AnalyzeLogsInput)
    .use(paged)
    .output(AnalyzeLogsOutput)
    .query(({ ctx, input, signal }) =>
      analyzeLogs(ctx.agent, input, { signal: untilEnded(ctx, signal), progress: ctx.progress }),
    ),
  search: procedure
    .meta({
      permission: "telemetry.read",
      mcp: {
        name: "search_logs",
        title: "Search logs",
        description:
          'Lines of a window, newest first, page by page. query: words and "phrases" found anywhere in a line, ' +
          "field:value with * for any characters, -not, level:warn (and worse), pattern:<id>, trace:<id>; all must " +
          "hold. Use it to read the lines behind a pattern of analyze_logs, or of one trace (traceId, " +
          "order oldest-first). Not for counting or for what is unusual: that is analyze_logs. Long bodies end in …; " +
          "a wrong query is answered with the column and what would be right.",
        ...READ,
      },
    })
    .input(SearchLogsInput)
    .use(paged)
    .output(SearchLogsOutput)
    .query(({ ctx, input, signal }) => searchLogs(ctx.agent, input, untilEnded(ctx, signal))),
  counts: procedure
    .meta({ permission: "telemetry.read" })
    .input(LogCountsInput)
    .output(LogCountsOutput)
    .query(({ ctx, input, signal }) => logCounts(ctx.agent, input, untilEnded(ctx, signal))),
  context: procedure
    .meta({ permission: "telemetry.read" })
    .input(LogContextInput)
    .output(LogContextOutput)
    .query(({ ctx, input }) => logContext(ctx.agent, input)),
  facets: procedure
    .meta({ permission: "telemetry.read" })
    .input(LogFacetsInput)
    .output(LogFacetsOutput)
    .query(({ ctx, input, signal }) => logFacets(ctx.agent, input, untilEnded(ctx, signal))),
  updatePattern: writes(updatePattern)
    .input(UpdatePatternInput)
    .output(UpdatePatternOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
});
