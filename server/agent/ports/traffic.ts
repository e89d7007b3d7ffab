import type { ServiceRef } from "./workloads.ts";

/** The requests of services: who gets which share, what was counted, and one version past its users' traffic. */

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

/** What an adapter can. */
export interface TrafficCapabilities {
  /** shares per version */
  weights: boolean;
  /** callers that were given to a version stay with it */
  stickiness: boolean;
  /** asking one version directly, whatever its share */
  preview: boolean;
  /** services tell since when their requests are counted without a gap */
  countedSince: boolean;
}

/** Errors as `Workloads` has them. */
export interface Traffic {
  capabilities(): TrafficCapabilities;
  /**
   * Shares of requests per version in percent; a version that is not named gets none. Null spreads evenly again.
   * `candidate` names the version whose share grows: with stickiness, callers it was given to stay with it.
   */
  setWeights(
    input: ServiceRef & { weights: Record<string, number> | null; candidate?: string | undefined },
  ): Promise<void>;
  /** Complete 10-second buckets that start at or after `since`; the platform remembers the last 15 minutes. */
  trafficSince(since: Date): Promise<TrafficCounts[]>;
  /** The same of one service in complete 2-second buckets, oldest first: what the judge compares. */
  samplesSince(input: ServiceRef & { since: Date }): Promise<TrafficCounts[]>;
  /** Asks every ready instance of one version, whatever its share of the traffic. Never throws for what they answer. */
  sendTo(request: DirectRequest): Promise<DirectAnswer[]>;
}
