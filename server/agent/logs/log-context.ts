import type { z } from "zod";
import type { AgentContext } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { authorize } from "../kernel/permissions.ts";
import { sourceView } from "../kernel/source-answer.ts";
import type { LogContextInput, LogContextOutput } from "./schema.ts";

/**
 * What the same instance wrote around a line, oldest first, that line included. An id says nothing of its home: it is
 * looked for where logs are read by default, then in the built-in store.
 * @throws NOT_FOUND when there is no such line, and as LogSource does
 */
export async function logContext(
  ctx: AgentContext,
  { lineId, before, after, source }: z.output<typeof LogContextInput>,
): Promise<z.input<typeof LogContextOutput>> {
  authorize(ctx, "telemetry.read");
  const first = ctx.telemetry.logs({ home: source });
  const query = { lineId, before, after };
  const answer = await first.around(query).catch((error: unknown) => {
    const isElsewhere = error instanceof AppError && error.code === "NOT_FOUND" && first.info.kind !== "built-in";
    if (source !== undefined || !isElsewhere) throw error;
    return ctx.telemetry.store.logs.around(query);
  });
  return { source: sourceView(answer), lines: answer.data };
}
