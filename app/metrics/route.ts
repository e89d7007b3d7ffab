import { getRuntime } from "#server/container/index.ts";
import { sharedAnswer } from "#server/limits/shared-answer.ts";
import { renderMetrics } from "#server/telemetry/metrics.ts";

export const dynamic = "force-dynamic";

const page = sharedAnswer(1_000, async () => renderMetrics(getRuntime()));

/** Operate's own metrics in the Prometheus text format, computed at most once a second for all who ask. */
export async function GET() {
  const { contentType, body } = await page();
  return new Response(body, { headers: { "content-type": contentType } });
}
