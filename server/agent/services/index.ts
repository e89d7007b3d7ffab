export { getService, instanceLogs } from "./get-service.ts";
export { listServices } from "./list-services.ts";
export { monitorHealth } from "./monitor-health.ts";
export { serviceHealthHistory } from "./service-health-history.ts";
export { serviceStates, serviceStatus } from "./service-rows.ts";
