export { getService, instanceLogs } from "./get-service.ts";
export { listServices } from "./list-services.ts";
