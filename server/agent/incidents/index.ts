export { incidentConsumer, isIncidentDue } from "./consumer.ts";
export { getIncident } from "./get-incident.ts";
export { listIncidents, worstUnresolved } from "./list-incidents.ts";
export {
  type FiringPattern,
  onAlertFiring,
  onAlertResolved,
} from "./log-patterns.ts";
export { manageIncident } from "./manage-incident.ts";
export { deleteOldIncidents } from "./retention.ts";
export { countUnresolved, endsOfDeploymentIncidents, incidentsOfDeployments, openIncidentsOf } from "./store.ts";
