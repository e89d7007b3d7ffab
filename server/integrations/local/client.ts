import { z } from "zod";
import { monotonicMs } from "#server/agent/kernel/clock.ts";
import type { Platform } from "#server/agent/ports/platform.ts";
import type { ControlledWorkloads, InstanceControl, ServiceRef, Workloads } from "#server/agent/ports/workloads.ts";
import { ControlConnection } from "./control-connection.ts";
import { LimitedReads } from "./logs/limited-reads.ts";
import {
  DirectAnswers,
  DrainAnswer,
  FollowAnswer,
  InstanceAnswer,
  LogsAnswer,
  ServiceAnswer,
  StopAnswer,
  TrafficAnswer,
} from "./protocol.ts";
import { replicasOf, setReplicas } from "./set-replicas.ts";
import { localPaths } from "./state/paths.ts";

export interface LocalPlatform extends Platform {
  readonly workloads: ControlledWorkloads;
  /** Closes the connections to the daemon. */
  close(): Promise<void>;
}

const Nothing = z.object({});
/** the daemon keeps instances, not numbers */
const ServiceStatus = ServiceAnswer.transform((service) => ({ ...service, replicas: replicasOf(service.instances) }));
const servicePath = ({ service, environment }: ServiceRef): string =>
  `services/${encodeURIComponent(environment)}/${encodeURIComponent(service)}`;
const instancePath = (id: string, action: string): string => `instances/${encodeURIComponent(id)}/${action}`;

/** whole milliseconds until a time of the monotonic clock */
const leftMs = (untilMs: number): number => Math.max(0, Math.ceil(untilMs - monotonicMs()));

/** longer than any answer takes on a machine that is merely busy */
const PATIENT_MS = 30_000;
const WATCH_MS = 2_000;

/**
 * The local platform of a data directory, over its daemon's control socket. Errors as the port has them. What is asked
 * of services waits for `readLimitMs` at most.
 */
export function createLocalPlatform({
  dataDir,
  readLimitMs = PATIENT_MS,
  watch = false,
}: {
  dataDir: string;
  readLimitMs?: number;
  /** asks by itself, too, so that it is known since when the daemon does not answer */
  watch?: boolean;
}): LocalPlatform {
  const daemon = new ControlConnection(localPaths(dataDir).socket);
  const reads = new LimitedReads(daemon, readLimitMs);
  if (watch) reads.watch(WATCH_MS);
  const instances = instanceControl(daemon);
  const getService: Workloads["getService"] = (ref) => reads.get(servicePath(ref), ServiceStatus);
  return {
    workloads: {
      capabilities: () => ({ instanceControl: true, resources: true }),
      listServices: () => reads.get("services", z.array(ServiceStatus)),
      getService,
      setReplicas: (input) => setReplicas({ getService, instances }, input),
      instances,
    },
    traffic: {
      capabilities: () => ({ weights: true, stickiness: true, preview: true, countedSince: true }),
      async setWeights({ weights, candidate = null, ...ref }) {
        await daemon.call("PUT", `${servicePath(ref)}/weights`, Nothing, { weights, candidate });
      },
      trafficSince: (since) => daemon.call("GET", `traffic?since=${since.toISOString()}`, TrafficAnswer),
      samplesSince: ({ since, ...ref }) =>
        daemon.call("GET", `${servicePath(ref)}/samples?since=${since.toISOString()}`, TrafficAnswer),
      sendTo: ({ service, environment, ...request }) =>
        daemon.call("POST", `${servicePath({ service, environment })}/ask`, DirectAnswers, request),
    },
    logs: {
      capabilities: () => ({ tail: true, follow: true }),
      tailLogs: ({ instanceId, lines }) => reads.get(`${instancePath(instanceId, "logs")}?lines=${lines}`, LogsAnswer),
      followLogs: (input) => daemon.call("POST", "logs/follow", FollowAnswer, input),
    },
    close: () => {
      reads.end();
      return daemon.close();
    },
  };
}

const instanceControl = (daemon: ControlConnection): InstanceControl => ({
  start: ({ service, environment, version, key }) =>
    daemon.call("POST", "instances", InstanceAnswer, { service, environment, version, key }),
  async stop({ instanceId, drainTimeoutMs }) {
    const untilMs = monotonicMs() + drainTimeoutMs;
    for (;;) {
      const body = { drainTimeoutMs: leftMs(untilMs) };
      const { done, note } = await daemon.call("POST", instancePath(instanceId, "stop"), StopAnswer, body);
      if (done) return { note };
    }
  },
  async drain({ instanceId, timeoutMs }) {
    const untilMs = monotonicMs() + timeoutMs;
    for (;;) {
      const body = { timeoutMs: leftMs(untilMs) };
      const answer = await daemon.call("POST", instancePath(instanceId, "drain"), DrainAnswer, body);
      if (answer.done) return { remaining: answer.remaining };
    }
  },
  async undrain({ instanceId }) {
    await daemon.call("POST", instancePath(instanceId, "undrain"), Nothing, {});
  },
});
