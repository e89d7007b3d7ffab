import { getIncident, listIncidents, manageIncident } from "../agent/incidents/index.ts";
import {
  GetIncidentInput,
  GetIncidentOutput,
  ListIncidentsInput,
  ListIncidentsOutput,
  ManageIncidentInput,
  ManageIncidentOutput,
} from "../agent/incidents/schema.ts";
import { paged, procedure, router, writes } from "./trpc.ts";

export const incidentsRouter = router({
  manage: writes(manageIncident, {
    mcp: {
      name: "manage_incident",
      title: "Manage an incident",
      description:
        "Create, update, resolve or escalate an incident. Use create when something is wrong for users and list_incidents shows no unresolved incident for it; update to add a note, change severity, status (acknowledged, in_progress, reopen with open, closed) or assignee; resolve, with what fixed it, when it is over; escalate to raise severity one step. Health and failed deployments open incidents by themselves: look before you create. A step the status does not allow is refused with the allowed ones.",
      destructive: false,
      idempotent: false,
      openWorld: false,
      outsideText: true,
    },
  })
    .input(ManageIncidentInput)
    .output(ManageIncidentOutput)
    .mutation(({ ctx, input }) => ctx.write(input)),
  get: procedure
    .meta({
      permission: "incident.read",
      mcp: {
        name: "get_incident",
        title: "Read an incident",
        description:
          "One incident with its timeline, oldest entry first: what people and agents did, health changes and deployments of the service. Takes the id or the number as in INC-12. Use list_incidents to find it.",
        destructive: false,
        idempotent: true,
        openWorld: false,
        outsideText: true,
      },
    })
    .input(GetIncidentInput)
    .output(GetIncidentOutput)
    .query(({ ctx, input }) => getIncident(ctx.agent, input)),
  list: procedure
    .meta({
      permission: "incident.read",
      mcp: {
        name: "list_incidents",
        title: "List incidents",
        description:
          "Incidents, newest first, filtered by status, severity, service or environment, page by page, with the number that are unresolved in all. For what is wrong now pass status open, acknowledged, in_progress. For one incident's timeline use get_incident.",
        destructive: false,
        idempotent: true,
        openWorld: false,
        outsideText: true,
      },
    })
    .input(ListIncidentsInput)
    .use(paged)
    .output(ListIncidentsOutput)
    .query(({ ctx, input }) => listIncidents(ctx.agent, input)),
});
