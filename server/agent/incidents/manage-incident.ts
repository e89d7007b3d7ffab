import { catalogOf } from "../catalog/catalog.ts";
import { unknownName } from "../kernel/allowed-names.ts";
import type { AgentContext, Tx } from "../kernel/context.ts";
import { AppError } from "../kernel/errors.ts";
import { type Changed, defineWrite, performWrite } from "../kernel/perform.ts";
import { changeIncident, type NewEvent } from "./change.ts";
import { publishIncident } from "./publish.ts";
import type { IncidentView, ManageIncidentInput } from "./schema.ts";
import { addEvents, type IncidentRow, insertIncident, labelOf, lockIncident, saveIncident, toView } from "./store.ts";

/**
 * Creates, updates, resolves or escalates an incident; the timeline and the audit log say who did it.
 * @throws FORBIDDEN without incident.write, INVALID when the action lacks a field, NOT_FOUND for an unknown incident,
 * service or environment, PRECONDITION for a step its status does not allow, CONFLICT when it is reopened while
 * another one is open for the same cause.
 */
export const manageIncident = defineWrite(
  "incident.write",
  async (ctx, input: ManageIncidentInput): Promise<{ incident: IncidentView }> => {
    const write = {
      action: `incident.${input.action}`,
      target: input.incidentId ? { type: "incident", id: input.incidentId } : undefined,
      input,
    } as const;
    const incident = await performWrite(ctx, write, (tx) =>
      input.action === "create" ? create(ctx, tx, input) : change(ctx, tx, input),
    );
    return { incident: toView(incident) };
  },
);

async function create(ctx: AgentContext, tx: Tx, input: ManageIncidentInput): Promise<Changed<IncidentRow>> {
  if (!input.title) throw new AppError("INVALID", "create needs title");
  checkScope(ctx, input);
  const at = ctx.now();
  const incident = await insertIncident(
    tx,
    {
      title: input.title,
      description: input.description ?? "",
      severity: input.severity ?? "medium",
      assignee: input.assignee || null,
      service: input.service ?? null,
      environment: input.environment ?? null,
      deploymentId: null,
      source: ctx.actor.kind === "agent" ? "agent" : "person",
      causeKey: null,
    },
    at,
  );
  if (!incident) throw new AppError("INTERNAL", "The incident was not stored. Try again.");
  const events: NewEvent[] = [{ kind: "opened", message: `Opened: ${incident.title}` }];
  if (input.updateNotes) events.push({ kind: "note", message: input.updateNotes });
  await addEvents(tx, incident.id, ctx.actor, events, at);
  const target = { type: "incident", id: incident.id };
  await publishIncident(ctx, tx, incident);
  return { result: incident, target, before: null, after: toView(incident) };
}

/** The service and environment must be ones that are configured. @throws NOT_FOUND with those that are */
function checkScope(ctx: AgentContext, { service, environment }: ManageIncidentInput): void {
  const catalog = catalogOf(ctx.config);
  const found = catalog.service(service);
  if (service && !found) throw unknownName({ what: "service", given: service, allowed: catalog.serviceNames });
  const environments = found ? catalog.environmentsOf(found.name) : catalog.environments;
  if (environment && !environments.includes(environment))
    throw unknownName({ what: "environment", given: environment, allowed: environments });
}

async function change(ctx: AgentContext, tx: Tx, input: ManageIncidentInput): Promise<Changed<IncidentRow>> {
  if (!input.incidentId) throw new AppError("INVALID", `${input.action} needs incidentId`);
  if (input.action === "resolve" && !input.resolution) throw new AppError("INVALID", "resolve needs resolution");
  const before = await lockIncident(tx, input.incidentId);
  const at = ctx.now();
  const { after, events } = changeIncident(labelOf(before), before, input, ctx.actor, at);
  const saved = await saveIncident(tx, before, after, at);
  await addEvents(tx, saved.id, ctx.actor, events, at);
  await publishIncident(ctx, tx, saved);
  return {
    result: saved,
    target: { type: "incident", id: saved.id },
    before: toView(before),
    after: { ...toView(saved), note: input.updateNotes },
  };
}
