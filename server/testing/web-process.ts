import { mcpEndpoint } from "../../mcp/endpoint.ts";
import { identify } from "../auth/context.ts";
import { rejectRequest } from "../auth/front-door.ts";
import { handleAuth } from "../auth/handle-auth.ts";
import { checkOrigin } from "../auth/origin.ts";
import { forwardIngest } from "../collector/forward.ts";
import { closeRuntime, getIdentity, getRuntime } from "../container/index.ts";
import { appRouter } from "../routers/index.ts";
import { serveTrpc } from "../routers/serve-trpc.ts";
import { createLogger } from "../telemetry/log.ts";
import { underSupervisor } from "../under-supervisor.ts";
import { serve } from "./serve.ts";

/** The web process without pages: the handlers of app/api on the port that the supervisor hands down, without a build. */

const log = createLogger("web");
const channel = underSupervisor(async () => {
  await server.close();
  await closeRuntime();
}, 3_500);
const trpc = serveTrpc({
  checkOrigin,
  identify: (request, via) => identify(getRuntime(), request, via),
  onFailure: ({ procedure, fault, requestId }) => {
    if (fault !== undefined) log.error({ err: fault, path: procedure, requestId }, "procedure failed");
  },
});
const mcp = mcpEndpoint({
  router: appRouter,
  checkOrigin,
  identify: (request) => identify(getRuntime(), request, "mcp"),
  report: ({ fault, ...call }) => log.info({ ...call, err: fault }, "tool called"),
  onProtocolError: (error) => log.warn({ err: error }, "request refused"),
});

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/api/trpc")) return trpc(request);
  if (pathname.startsWith("/api/mcp")) return mcp(request);
  if (pathname.startsWith("/api/auth")) return handleAuth(getIdentity(), request);
  if (pathname.startsWith("/api/ingest"))
    return forwardIngest(getRuntime(), request, pathname.slice("/api/ingest".length));
  return new Response(null, { status: 404 });
}

const server = await serve(answer, { port: Number(process.env.PORT), rejects: rejectRequest });
channel.ready();
