import type { InstanceLogs } from "./instance-logs.ts";
import type { Traffic } from "./traffic.ts";
import type { Workloads } from "./workloads.ts";

/** Where services run, in three parts: an adapter may offer each in its own way. */
export interface Platform {
  readonly workloads: Workloads;
  readonly traffic: Traffic;
  readonly logs: InstanceLogs;
}

/** What a function needs of a runtime that uses some parts of the platform. */
export interface UsesPlatform<Part extends keyof Platform> {
  platform: Pick<Platform, Part>;
}
