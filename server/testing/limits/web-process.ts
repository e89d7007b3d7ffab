import { mcpEndpoint } from "#mcp/endpoint.ts";
import { GET as setup } from "../../../app/api/setup/route.ts";
import { GET as metrics } from "../../../app/metrics/route.ts";
import { GET as readyz } from "../../../app/readyz/route.ts";
import { identify } from "../../auth/context.ts";
import { rejectRequest } from "../../auth/front-door.ts";
import { handleAuth } from "../../auth/handle-auth.ts";
import { checkOrigin } from "../../auth/origin.ts";
import { getIdentity, getRuntime } from "../../container/index.ts";
import { refusedAtGate } from "../../limits/front-gate.ts";
import { appRouter } from "../../routers/index.ts";
import { serveTrpc } from "../../routers/serve-trpc.ts";
import { serve } from "../serve.ts";

/**
 * A process that answers as web does, without Next: the doors of tRPC, MCP, sign-in and what anybody may ask over the runtime that the
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
/** those that anybody may ask, and a page of about what rendering one takes */
const ROUTES: Record<string, (request: Request) => Promise<Response>> = {
  "/metrics": metrics,
  "/readyz": readyz,
  "/api/setup": setup,
  "/sign-in": async () => {
    const { db } = getRuntime();
    for (let i = 0; i < 20; i++) await db.user.count();
    return new Response("a page");
  },
};
const { url } = await serve(
  (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/auth/")) return handleAuth(getIdentity(), request);
    const route = ROUTES[pathname];
    if (route) return route(request);
    return pathname === "/api/mcp" ? mcp(request) : trpc(request);
  },
  { rejects: (incoming, outgoing) => rejectRequest(incoming, outgoing) || refusedAtGate(incoming, outgoing) },
);
process.once("disconnect", () => process.exit(0));
process.send?.({ url });
