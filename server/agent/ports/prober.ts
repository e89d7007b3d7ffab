import type { HealthEndpoint } from "../health/config.ts";

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What to ask: the part of a health endpoint that concerns the asking, with a time limit. */
export type ProbeSpec = EndpointSpec | DiskSpec;

/** The disk of the embedded database, on the machine of the worker. */
interface DiskSpec {
  type: "disk";
  path: string;
  timeoutMs: number;
}

type EndpointSpec = Without<
  HealthEndpoint,
  "name" | "intervalMs" | "failureThreshold" | "successThreshold" | "dependsOn" | "muted" | "environment"
> & {
  /** exact `host:port` that may be reached although the address is private */
  trusted?: readonly string[];
};

export interface ProbeResult {
  outcome: "up" | "degraded" | "down";
  latencyMs: number;
  /** HTTP only */
  statusCode: number | null;
  /** what was found when it was not simply up */
  message: string | null;
}

/** Asks once. A target that fails, refuses or is too slow is a result, never an error; `signal` gives it up. */
export interface Prober {
  probe(spec: ProbeSpec, signal: AbortSignal): Promise<ProbeResult>;
}
