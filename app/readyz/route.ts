import { getRuntime } from "#server/container/index.ts";
import { sharedAnswer } from "#server/limits/shared-answer.ts";
import { readiness } from "#server/telemetry/readiness.ts";

export const dynamic = "force-dynamic";

const state = sharedAnswer(1_000, () => readiness(getRuntime));

/**
 * Ready: the database answers with the right schema and a worker beats. 503 with what is missing otherwise. Asked at
 * most once a second, for all who ask.
 */
export async function GET() {
  const checks = await state();
  const ready = checks.every((check) => check.ok);
  return Response.json({ status: ready ? "ready" : "not ready", checks }, { status: ready ? 200 : 503 });
}
