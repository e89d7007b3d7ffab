export { followLogs } from "./follow-logs.ts";
export { type Arrival, createIngest, type Ingest } from "./ingest.ts";
export { observedServices, servicesHeard } from "./observed-services.ts";
export { ingestOverview } from "./overview.ts";
export { recordsOf } from "./raw-lines.ts";
export { scrapeTargets } from "./scrape-loop.ts";
