export { createTelemetryStore } from "./store.ts";
export { startTelemetryUpkeep, upkeepOnce } from "./upkeep.ts";
