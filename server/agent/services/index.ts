export { getService, instanceLogs } from "./get-service.ts";
export { listServices } from "./list-services.ts";
export { monitorHealth } from "./monitor-health.ts";
export { serviceStates } from "./service-rows.ts";
