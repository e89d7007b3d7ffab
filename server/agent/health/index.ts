export { type CauseNode, causeOf, causesFirst } from "./caused-by.ts";
export { healthHistory } from "./history.ts";
export { DISK_KEY, judgedKey, monitorTargets } from "./monitor.ts";
export { saysLost, unconfiguredNote } from "./platform-reason.ts";
export { startHealthRetention } from "./retention.ts";
export { startHealthScheduler } from "./scheduler.ts";
export {
  listHealthChanges,
  listServiceHealth,
  type ServiceHealth,
} from "./service-health.ts";
export { setMaintenance } from "./set-maintenance.ts";
export { setMuted } from "./set-muted.ts";
export type { HealthTransition } from "./transitions.ts";
export type { JudgedTarget } from "./views.ts";
