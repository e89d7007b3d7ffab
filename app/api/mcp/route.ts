import { mcpEndpoint } from "#mcp/endpoint.ts";
import { identify } from "#server/auth/context.ts";
import { checkOrigin } from "#server/auth/origin.ts";
import { getRuntime } from "#server/container.ts";
import { appRouter } from "#server/routers/index.ts";
import { createLogger } from "#server/telemetry/log.ts";

export const dynamic = "force-dynamic";

const log = createLogger("mcp");

const serve = mcpEndpoint({
  router: appRouter,
  checkOrigin,
  identify: async (request) => identify(await getRuntime(), request, "mcp"),
  report: ({ fault, ...call }) => (fault ? log.error({ ...call, err: fault }, "tool failed") : log.info(call, "tool")),
  onProtocolError: (err) => log.warn({ err }, "request refused"),
});

export { serve as DELETE, serve as GET, serve as POST };
