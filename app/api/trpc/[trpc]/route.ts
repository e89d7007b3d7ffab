import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { toAppError } from "#server/agent/kernel/errors.ts";
import { continueTrace } from "#server/agent/kernel/span.ts";
import { identify } from "#server/auth/context.ts";
import { checkOrigin } from "#server/auth/origin.ts";
import { getRuntime } from "#server/container.ts";
import { appRouter } from "#server/routers/index.ts";
import { createLogger } from "#server/telemetry/log.ts";
import { countRequest } from "#server/telemetry/metrics.ts";

export const dynamic = "force-dynamic";
const log = createLogger("trpc");

async function serve(request: Request): Promise<Response> {
  try {
    checkOrigin(request);
  } catch (refusal) {
    const { code, message } = toAppError(refusal);
    // the shape of a tRPC error, so that a typed client can read it
    const error = { code: -32003, message, data: { code, httpStatus: 403, path: null } };
    return Response.json({ error }, { status: 403 });
  }
  const via = request.headers.has("authorization") ? "api" : "web";
  const identity = await identify(getRuntime(), request, via);
  const sender = via === "api" && identity.agent ? request.headers.get("traceparent") : null;
  return continueTrace(sender, () =>
    fetchRequestHandler({
      endpoint: "/api/trpc",
      req: request,
      router: appRouter,
      createContext: () => identity,
      allowMethodOverride: true, // long inputs (a whole configuration) do not fit into a URL
      responseMeta: () => ({ headers: { "x-request-id": identity.requestId, "cache-control": "no-store" } }),
      onError: ({ error, path, type }) => {
        countRequest(path ?? "unknown", type, error.code);
        if (error.code === "INTERNAL_SERVER_ERROR")
          log.error({ err: error.cause ?? error, path, requestId: identity.requestId }, "procedure failed");
      },
    }),
  );
}

export { serve as GET, serve as POST };
