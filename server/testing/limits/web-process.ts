import { mcpEndpoint } from "#mcp/endpoint.ts";
import { identify } from "../../auth/context.ts";
import { turnedAway } from "../../auth/front-door.ts";
import { handleAuth } from "../../auth/handle-auth.ts";
import { checkOrigin } from "../../auth/origin.ts";
import { getIdentity, getRuntime } from "../../container.ts";
import { appRouter } from "../../routers/index.ts";
import { serveTrpc } from "../../routers/serve-trpc.ts";
import { serve } from "../serve.ts";

/**
 * A process that answers as web does, without the pages: the doors of tRPC, MCP and sign-in over the runtime that the
 * environment describes. Tells its parent its URL; ends with it.
 */

const trpc = serveTrpc({
  checkOrigin,
  identify: (request, via) => identify(getRuntime(), request, via),
  onFailure: ({ fault }) => fault !== undefined && console.error(fault),
});
const mcp = mcpEndpoint({
  router: appRouter,
  checkOrigin,
  identify: (request) => identify(getRuntime(), request, "mcp"),
  report: () => undefined,
  onProtocolError: () => undefined,
});
const { url } = await serve(
  (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/auth/")) return handleAuth(getIdentity(), request);
    return pathname === "/api/mcp" ? mcp(request) : trpc(request);
  },
  { turnedAway: (incoming, outgoing) => turnedAway(incoming, outgoing) },
);
process.once("disconnect", () => process.exit(0));
process.send?.({ url });
