export { type CauseNode, causeOf, causesFirst } from "./read/caused-by.ts";
export { healthHistory } from "./read/history.ts";
export { DISK_KEY, judgedKey, monitorTargets } from "./read/monitor.ts";
export { saysLost, unconfiguredNote } from "./read/platform-reason.ts";
export { listServiceHealth, type ServiceHealth } from "./read/service-health.ts";
export type { JudgedTarget } from "./read/views.ts";
export { namesOf as targetNames } from "./record/store.ts";
export { setMaintenance } from "./set-maintenance.ts";
export { setMuted } from "./set-muted.ts";
