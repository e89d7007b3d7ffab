/** Services and their instances, wherever they run: the local daemon, later Kubernetes and others. */

export interface ServiceRef {
  service: string;
  environment: string;
}

/**
 * starting: not ready yet · ready: takes requests · unready: was ready, its readiness check fails · draining: no new
 * requests, those in flight finish · stopping · restarting: crashed, waits for its back-off · crash-looping: 5
 * crashes in 60 s, or a command that cannot be started
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

/** On its way out: takes no new requests and does not count as capacity. */
export const isLeaving = ({ state }: { state: InstanceState }): boolean => state === "draining" || state === "stopping";

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
  /** false: its version left the configuration; it is kept, and started again as it was recorded */
  configured: boolean;
}

export interface PlatformService extends ServiceRef {
  /** where its balancer listens: http://host:port */
  url: string;
  /** the version with the most instances that are not on their way out; null when nothing runs */
  currentVersion: string | null;
  /** share of requests per version in percent; null: spread evenly over all ready instances */
  weights: Record<string, number> | null;
  instances: PlatformInstance[];
  /** of each version that is wanted or runs */
  replicas: ReplicaCount[];
  /** false: the service or this environment of it left the configuration while it ran */
  configured: boolean;
  /** what a check asks for, also once it left the configuration; null: any answer of the front page below 500 will do */
  healthPath?: string | null;
  /** why its balancer does not listen, as a port that somebody else holds; null when it does */
  problem: string | null;
  /** what the platform decided by itself and somebody should look at, as weights that were lost; null or absent: nothing */
  notice?: string | null;
  /** its balancer turned requests away in the last 30 s: since when (ISO 8601), and how many since; null: none */
  overloaded: { since: string; shed: number } | null;
  /** ISO 8601, since when its balancer counts requests without a gap; null or absent: not known */
  countedSince?: string | null;
  /**
   * How long those requests that have not ended yet have waited for their instance's next byte, when it was asked:
   * counts in the buckets of kernel/histogram.ts; null or absent: none waits, or it is not known.
   */
  pending?: number[] | null;
}

/** Of one version: how many instances are wanted, as far as the platform has taken that in, and how many are ready. */
export interface ReplicaCount {
  version: string;
  desired: number;
  ready: number;
}

export interface SetReplicasInput extends ServiceRef {
  version: string;
  /** 0: none is to run */
  replicas: number;
  /** names the request: what it starts, a repeated one does not start again */
  key: string;
}

/** What an adapter can. */
export interface WorkloadCapabilities {
  /** single instances can be started under a key, drained and stopped */
  instanceControl: boolean;
  /** CPU and memory of instances are measured */
  resources: boolean;
}

/**
 * What every method of the three parts of a platform throws: UPSTREAM_UNAVAILABLE when it cannot be reached, and
 * NOT_FOUND, naming what exists, for an unknown service, environment, version or instance.
 */
export interface Workloads {
  capabilities(): WorkloadCapabilities;
  listServices(): Promise<PlatformService[]>;
  getService(ref: ServiceRef): Promise<PlatformService>;
  /**
   * How many instances of one version are to run; others are left alone. Returns at once, the status follows. Asking
   * for the number that is wanted already changes nothing.
   */
  setReplicas(input: SetReplicasInput): Promise<void>;
  /** null: the platform starts and stops instances by itself, under names of its own */
  readonly instances: InstanceControl | null;
}

/** Workloads of a platform that controls single instances. */
export interface ControlledWorkloads extends Workloads {
  readonly instances: InstanceControl;
}

/**
 * Effects are idempotent: starting under a key that exists returns the instance started before; stopping or draining
 * one that is gone succeeds.
 */
export interface InstanceControl {
  /** Starts one instance; returns at once, in state `starting`. It joins the balancer when its readiness check passes. */
  start(input: ServiceRef & { version: string; key: string }): Promise<PlatformInstance>;
  /**
   * Drains (at most `drainTimeoutMs`), then SIGTERM, then SIGKILL; connections are not cut before SIGTERM. Resolves when
   * the process is gone; `note` says what did not go as it should, as an ignored SIGTERM or requests still in flight.
   */
  stop(input: { instanceId: string; drainTimeoutMs: number }): Promise<{ note: string | null }>;
  /** No new requests; resolves when none is in flight or the time is up, with the number left. */
  drain(input: { instanceId: string; timeoutMs: number }): Promise<{ remaining: number }>;
  /** Puts a draining or unready instance back into the balancer's rotation. */
  undrain(input: { instanceId: string }): Promise<void>;
}
