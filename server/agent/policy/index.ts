export { checkLock, checkPolicy, type VersionHistory } from "./check-policy.ts";
export { type Freeze, nextFreeze } from "./freeze.ts";
export { getPolicy } from "./get-policy.ts";
export { lockService } from "./lock.ts";
export type { VersionRecord } from "./rules.ts";
export { unlockService } from "./unlock.ts";
