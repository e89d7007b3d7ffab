export { startHealthScheduler } from "./check/scheduler.ts";
export { type CauseNode, causeOf, causesFirst } from "./read/caused-by.ts";
export { healthHistory } from "./read/history.ts";
export { DISK_KEY, judgedKey, monitorTargets } from "./read/monitor.ts";
export { saysLost, unconfiguredNote } from "./read/platform-reason.ts";
export {
  listHealthChanges,
  listServiceHealth,
  type ServiceHealth,
} from "./read/service-health.ts";
export type { JudgedTarget } from "./read/views.ts";
export { startHealthRetention } from "./record/retention.ts";
export { setMaintenance } from "./set-maintenance.ts";
export { setMuted } from "./set-muted.ts";
