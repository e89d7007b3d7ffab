import type { z } from "zod";
import { refuseUnknownFilter } from "../catalog/known-names.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import type { IncidentView, ListIncidentsInput, ListIncidentsOutput } from "./schema.ts";
import { pageIncidents, summariseUnresolved, toView, worstUnresolvedRows } from "./store.ts";

/** One page of incidents, newest first, and how many are unresolved in all. @throws FORBIDDEN without incident.read */
export async function listIncidents(
  ctx: AgentContext,
  input: z.infer<typeof ListIncidentsInput>,
): Promise<z.infer<typeof ListIncidentsOutput>> {
  authorize(ctx, "incident.read");
  await refuseUnknownFilter(ctx, input);
  const [page, unresolved] = await Promise.all([
    pageIncidents(ctx.db, input, input.limit, input.cursor),
    summariseUnresolved(ctx.db),
  ]);
  return { items: page.items.map(toView), nextCursor: page.nextCursor, ...unresolved };
}

/** The worst unresolved incident of every service in every environment, or in none that was named. @throws FORBIDDEN */
export async function worstUnresolved(ctx: AgentContext): Promise<IncidentView[]> {
  authorize(ctx, "incident.read");
  return (await worstUnresolvedRows(ctx.db)).map(toView);
}
