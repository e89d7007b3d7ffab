export { createTelemetryStore, type TelemetryStoreOptions } from "./store.ts";
export { startTelemetryUpkeep, upkeepOnce } from "./upkeep.ts";
