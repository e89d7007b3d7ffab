import { getRuntime } from "#server/container.ts";
import { renderMetrics } from "#server/telemetry/metrics.ts";

export const dynamic = "force-dynamic";

/** Operate's own metrics in the Prometheus text format. */
export async function GET() {
  const { contentType, body } = await renderMetrics(getRuntime());
  return new Response(body, { headers: { "content-type": contentType } });
}
