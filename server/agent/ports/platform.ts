/** Where instances of services run: the local daemon, later Kubernetes and others. */

export interface ServiceRef {
  service: string;
  environment: string;
}

/**
 * starting: not ready yet · ready: takes requests · unready: was ready, its readiness check fails · draining: no new
 * requests, those in flight finish · stopping · restarting: crashed, waits for its back-off · crash-looping: 5
 * crashes in 60 s
 */
export const INSTANCE_STATES = [
  "starting",
  "ready",
  "unready",
  "draining",
  "stopping",
  "restarting",
  "crash-looping",
] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

export interface PlatformInstance extends ServiceRef {
  id: string;
  version: string;
  pid: number | null;
  /** where the instance itself listens */
  port: number;
  state: InstanceState;
  /** why it is in that state when that is not obvious: exit code, last readiness failure */
  reason: string | null;
  /** of one core; null when not measured yet */
  cpuPercent: number | null;
  memoryBytes: number | null;
  restarts: number;
  /** ISO 8601, of the current process */
  startedAt: string;
  /** ISO 8601, of the instance */
  createdAt: string;
  inFlight: number;
  /** the key it was started under */
  key: string;
}

export interface PlatformService extends ServiceRef {
  /** where its balancer listens: http://host:port */
  url: string;
  /** the version with the most instances that are not on their way out; null when nothing runs */
  currentVersion: string | null;
  /** share of requests per version in percent; null: spread evenly over all ready instances */
  weights: Record<string, number> | null;
  instances: PlatformInstance[];
}

/** What the balancer counted for one version in one 10-second bucket. */
export interface TrafficCounts extends ServiceRef {
  version: string;
  /** ISO 8601, start of the bucket */
  bucketAt: string;
  requests: number;
  status2xx: number;
  status3xx: number;
  status4xx: number;
  status5xx: number;
  /** counts in the buckets of kernel/histogram.ts */
  latency: number[];
}

export interface LogLine {
  at: string;
  stream: "stdout" | "stderr";
  text: string;
}

/**
 * Effects are idempotent: starting under a key that exists returns the instance started before; stopping or draining
 * one that is gone succeeds. Every method throws UPSTREAM_UNAVAILABLE when the platform cannot be reached and
 * NOT_FOUND, naming what exists, for an unknown service, environment, version or instance.
 */
export interface Platform {
  listServices(): Promise<PlatformService[]>;
  getService(ref: ServiceRef): Promise<PlatformService>;
  /** Starts one instance; returns at once, in state `starting`. It joins the balancer when its readiness check passes. */
  startInstance(input: ServiceRef & { version: string; key: string }): Promise<PlatformInstance>;
  /** Drains (at most `drainTimeoutMs`), then SIGTERM, then SIGKILL. Resolves when the process is gone. */
  stopInstance(input: { instanceId: string; drainTimeoutMs: number }): Promise<void>;
  /** No new requests; resolves when none is in flight or the time is up, with the number left. */
  drainInstance(input: { instanceId: string; timeoutMs: number }): Promise<{ remaining: number }>;
  /** Puts a draining or unready instance back into the balancer's rotation. */
  undrainInstance(input: { instanceId: string }): Promise<void>;
  setWeights(input: ServiceRef & { weights: Record<string, number> | null }): Promise<void>;
  /** The newest lines, oldest first, at most `lines` (1…1000). */
  tailLogs(input: { instanceId: string; lines: number }): Promise<LogLine[]>;
  /** Complete buckets that start at or after `since`; the platform remembers the last 15 minutes. */
  trafficSince(since: Date): Promise<TrafficCounts[]>;
}
