export { checkConfigText, viewConfig } from "./view-config.ts";
