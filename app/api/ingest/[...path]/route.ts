import { forwardIngest } from "#server/collector/forward.ts";
import { getRuntime } from "#server/container/index.ts";

export const dynamic = "force-dynamic";

/** Telemetry from outside: the sender is checked here, everything else is the collector's. Cookies count for nothing. */
async function serve(request: Request, { params }: { params: Promise<{ path: string[] }> }): Promise<Response> {
  const { path } = await params;
  return forwardIngest(getRuntime(), request, `/${path.join("/")}`);
}

export { serve as GET, serve as POST };
