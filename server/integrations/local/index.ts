export { createLocalPlatform, type LocalPlatform } from "./client.ts";
export { createProcessLogFollower } from "./process-logs.ts";
