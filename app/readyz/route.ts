import { getRuntime } from "#server/container.ts";
import { readiness } from "#server/telemetry/readiness.ts";

export const dynamic = "force-dynamic";

/** Ready: the database answers with the right schema and a worker beats. 503 with what is missing otherwise. */
export async function GET() {
  const checks = await readiness(getRuntime);
  const ready = checks.every((check) => check.ok);
  return Response.json({ status: ready ? "ready" : "not ready", checks }, { status: ready ? 200 : 503 });
}
