export { startTelemetryUpkeep, upkeepOnce } from "./rollup/maintenance.ts";
export { createTelemetryStore } from "./store.ts";
