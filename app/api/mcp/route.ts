import { mcpEndpoint } from "#mcp/endpoint.ts";
import type { CallReport } from "#mcp/server.ts";
import { clipSent } from "#server/agent/text/clip-sent.ts";
import { identify } from "#server/auth/context.ts";
import { checkOrigin } from "#server/auth/origin.ts";
import { getRuntime } from "#server/container/index.ts";
import { appRouter } from "#server/routers/index.ts";
import { createLogger } from "#server/telemetry/log.ts";
import { countRequest } from "#server/telemetry/metrics.ts";

export const dynamic = "force-dynamic";

const log = createLogger("mcp");

function report({ fault, ...call }: CallReport): void {
  if (call.outcome !== "done") countRequest(call.tool, "tool", call.outcome);
  if (fault) log.error({ ...call, err: fault }, "tool failed");
  else log.info(call, "tool called");
}

const serve = mcpEndpoint({
  router: appRouter,
  checkOrigin,
  identify: (request) => identify(getRuntime(), request, "mcp"),
  report,
  onProtocolError: ({ name, message }) => log.warn({ reason: clipSent(`${name}: ${message}`, 200) }, "request refused"),
});

export { serve as DELETE, serve as GET, serve as PATCH, serve as POST, serve as PUT };
