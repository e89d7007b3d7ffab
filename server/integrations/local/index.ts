export { createLocalPlatform, type LocalPlatform } from "./client.ts";
