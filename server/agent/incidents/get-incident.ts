import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import type { IncidentEventView, IncidentView } from "./schema.ts";
import { getIncidentRow, listEvents, toEventView, toView } from "./store.ts";

/** One incident with its timeline. @throws FORBIDDEN without incident.read, NOT_FOUND */
export async function getIncident(
  ctx: AgentContext,
  input: { incidentId: string },
): Promise<{ incident: IncidentView; timeline: IncidentEventView[] }> {
  authorize(ctx, "incident.read");
  const incident = await getIncidentRow(ctx.db, input.incidentId);
  const timeline = await listEvents(ctx.db, incident.id);
  return { incident: toView(incident), timeline: timeline.map(toEventView) };
}
