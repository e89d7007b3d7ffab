import type { z } from "zod";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import { sourceView, windowOf } from "../kernel/source-answer.ts";
import type { LogFacetsInput, LogFacetsOutput } from "./schema.ts";

/** Which services wrote lines in a window, and how many, most first. */
export async function logFacets(
  ctx: AgentContext,
  input: z.output<typeof LogFacetsInput>,
  signal?: AbortSignal,
): Promise<z.input<typeof LogFacetsOutput>> {
  authorize(ctx, "telemetry.read");
  const answer = await ctx.telemetry.logs({ home: input.source }).origins({ window: windowOf(input) }, signal);
  const services = answer.data.toSorted((a, b) => b.lines - a.lines || (a.service < b.service ? -1 : 1));
  return { source: sourceView(answer), services };
}
