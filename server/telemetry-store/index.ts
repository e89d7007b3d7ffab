export { startTelemetryUpkeep, upkeepOnce } from "./rollup/upkeep.ts";
export { createTelemetryStore } from "./store.ts";
