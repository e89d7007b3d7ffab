import { identify } from "#server/auth/context.ts";
import { checkOrigin } from "#server/auth/origin.ts";
import { getRuntime } from "#server/container/index.ts";
import { serveTrpc } from "#server/routers/serve-trpc.ts";
import { createLogger } from "#server/telemetry/log.ts";
import { countRequest } from "#server/telemetry/metrics.ts";

export const dynamic = "force-dynamic";
const log = createLogger("trpc");

const serve = serveTrpc({
  checkOrigin,
  identify: (request, via) => identify(getRuntime(), request, via),
  onFailure: ({ procedure, type, code, requestId, fault }) => {
    countRequest(procedure, type, code);
    if (fault !== undefined) log.error({ err: fault, path: procedure, requestId }, "procedure failed");
  },
});

// other methods are refused like any request, and refused writes are on record
export { serve as DELETE, serve as GET, serve as PATCH, serve as POST, serve as PUT };
