import { auditRouter } from "./audit.ts";
import { deployRouter } from "./deploy.ts";
import { healthRouter } from "./health.ts";
import { incidentsRouter } from "./incidents.ts";
import { ingestRouter } from "./ingest.ts";
import { liveRouter } from "./live.ts";
import { logsRouter } from "./logs.ts";
import { metricsRouter } from "./metrics.ts";
import { servicesRouter } from "./services.ts";
import { sessionRouter } from "./session.ts";
import { settingsRouter } from "./settings.ts";
import { tokensRouter } from "./tokens.ts";
import { tracesRouter } from "./traces.ts";
import { createCallerFactory, router } from "./trpc.ts";
import { usersRouter } from "./users.ts";

/** Everything Operate can be asked, by browsers, outside clients and (what carries MCP meta) agents alike. */
export const appRouter = router({
  services: servicesRouter,
  deploy: deployRouter,
  health: healthRouter,
  incidents: incidentsRouter,
  logs: logsRouter,
  metrics: metricsRouter,
  traces: tracesRouter,
  ingest: ingestRouter,
  audit: auditRouter,
  settings: settingsRouter,
  tokens: tokensRouter,
  users: usersRouter,
  session: sessionRouter,
  live: liveRouter,
});
export type AppRouter = typeof appRouter;

/** In-process callers, for server components and MCP. */
export const createCaller = createCallerFactory(appRouter);
