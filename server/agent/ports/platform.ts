/** Where instances of services run: the local daemon, later Kubernetes and others. */

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

/** What one version did and took in one bucket of time: 10 s in `trafficSince`, 2 s in `samplesSince`. */
export interface TrafficCounts extends ServiceRef {
  /** "": none of them; what was refused before one was chosen */
  version: string;
  /** ISO 8601, start of the bucket */
  bucketAt: string;
  /** every exchange that ended: the sum of the nine classes below */
  requests: number;
  /**
   * answers that an instance gave, of which at least the head was passed on; 304 is among 2xx. Those of no version: 4xx
   * to requests that cannot be passed on
   */
  status2xx: number;
  status3xx: number;
  status4xx: number;
  status5xx: number;
  /** the client closed before the head of an answer, or while its body stood still */
  clientLeft: number;
  /** no instance took the request: none was ready, none accepted the connection, or it had to wait too long for one */
  refused: number;
  /** the instance did not answer in the balancer's time */
  timedOut: number;
  /** the connection to the instance failed before the answer, or in the middle of it */
  brokenOff: number;
  /** handed over to another protocol */
  upgraded: number;
  /** how long those took that were answered, timed out or were broken off: counts in the buckets of kernel/histogram.ts */
  latency: number[];
  /** how long clients that left had waited for the instance's next byte; same buckets, [] when none left */
  leftAfter: number[];
  /** the balancer itself stood still for a while: what took long then tells nothing about the version */
  stalled?: boolean | undefined;
  /**
   * Of `samplesSince`, in the newest bucket of each version: how long those exchanges that have not ended yet have
   * waited for the instance's next byte, when it was asked; same buckets. Left out when none waits.
   */
  pending?: number[] | undefined;
  /** among `status4xx`, the answers 401 and 403; left out where they are not told apart */
  denied?: number | undefined;
  /** of `samplesSince`: of callers that stay with their version, the worst three; left out when there is none */
  callers?: CallerEnds[] | undefined;
  usage: VersionUsage;
}

export type CallerEnd = "status3xx" | "status4xx" | "status5xx";

/** How one caller's requests ended that were not answered with 2xx; `caller` tells it from others in one rollout only. */
export type CallerEnds = Record<CallerEnd, number> & { caller: number };

/** What the instances of one version took together in one bucket; a field is null when it was not measured. */
export interface VersionUsage {
  /** milliseconds of CPU time used in the bucket */
  cpuMs: number | null;
  /** resident memory, mean over the bucket */
  memoryBytes: number | null;
  /** ready instances, mean over the bucket */
  instances: number | null;
  /** requests in flight, mean over the bucket */
  inFlight: number | null;
  /** lines written at level error or worse, or to stderr when a line names no level */
  errorLines: number | null;
}

/** A request to one version, past its users' traffic. */
export interface DirectRequest extends ServiceRef {
  version: string;
  method: "GET" | "HEAD" | "POST";
  /** path and query */
  path: string;
  headers: Record<string, string>;
  body: string | null;
  timeoutMs: number;
}

/** What one instance answered to a DirectRequest; `status` is null when there was no answer, and `problem` says why. */
export interface DirectAnswer {
  instanceId: string;
  status: number | null;
  durationMs: number;
  /** the first 4,096 characters */
  body: string;
  problem: string | null;
}

export interface LogLine {
  at: string;
  stream: "stdout" | "stderr";
  text: string;
}

/** What one stream of one instance wrote since it was last asked for. */
export interface FollowedStream extends ServiceRef {
  instanceId: string;
  version: string;
  stream: LogLine["stream"];
  /** names the stream in `cursors` */
  name: string;
  /** oldest first; `at` is when the line was seen to be written, `cursor` where to go on behind it */
  lines: { at: string; text: string; cursor: string }[];
}

/** Reading everything that instances write. */
export interface LogFollower {
  /**
   * Whole lines behind the cursors, from every instance that runs or ended within the last quarter of an hour; from
   * its first kept line where there is no cursor. At most about `maxBytes`: `more` says that there is more already.
   */
  followLogs(input: {
    cursors: Readonly<Record<string, string>>;
    maxBytes: number;
  }): Promise<{ streams: FollowedStream[]; more: boolean }>;
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
  /**
   * Drains (at most `drainTimeoutMs`), then SIGTERM, then SIGKILL; connections are not cut before SIGTERM. Resolves when
   * the process is gone; `note` says what did not go as it should, as an ignored SIGTERM or requests still in flight.
   */
  stopInstance(input: { instanceId: string; drainTimeoutMs: number }): Promise<{ note: string | null }>;
  /** No new requests; resolves when none is in flight or the time is up, with the number left. */
  drainInstance(input: { instanceId: string; timeoutMs: number }): Promise<{ remaining: number }>;
  /** Puts a draining or unready instance back into the balancer's rotation. */
  undrainInstance(input: { instanceId: string }): Promise<void>;
  /**
   * Shares of requests per version in percent; a version that is not named gets none. Null spreads evenly again.
   * `candidate` names the version whose share grows: with stickiness, callers it was given to stay with it.
   */
  setWeights(
    input: ServiceRef & { weights: Record<string, number> | null; candidate?: string | undefined },
  ): Promise<void>;
  /** The newest lines, oldest first, at most `lines` (1…1000). */
  tailLogs(input: { instanceId: string; lines: number }): Promise<LogLine[]>;
  /** Complete 10-second buckets that start at or after `since`; the platform remembers the last 15 minutes. */
  trafficSince(since: Date): Promise<TrafficCounts[]>;
  /** The same of one service in complete 2-second buckets, oldest first: what the judge compares. */
  samplesSince(input: ServiceRef & { since: Date }): Promise<TrafficCounts[]>;
  /** Asks every ready instance of one version, whatever its share of the traffic. Never throws for what they answer. */
  sendTo(request: DirectRequest): Promise<DirectAnswer[]>;
}
