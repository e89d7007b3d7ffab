export { createTelemetryStore, type TelemetryStoreOptions } from "./store.ts";
