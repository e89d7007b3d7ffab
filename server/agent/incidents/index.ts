export { incidentConsumer, isIncidentDue } from "./consumer.ts";
export { getIncident } from "./get-incident.ts";
export { listIncidents, worstUnresolved } from "./list-incidents.ts";
export { manageIncident } from "./manage-incident.ts";
export { deleteOldIncidents } from "./retention.ts";
export {
  countUnresolved,
  endsOfDeploymentIncidents,
  incidentsOfDeployments,
  openIncidentsOf,
  statesOf as incidentStates,
} from "./store.ts";
