export { createLocalPlatform, type LocalPlatform } from "./client.ts";
export { createProcessLogFollower } from "./logs/process-logs.ts";
