import { z } from "zod";
import type { LogFollower, Platform, ServiceRef } from "#server/agent/ports/platform.ts";
import { ControlConnection } from "./control-connection.ts";
import { LimitedReads } from "./limited-reads.ts";
import { localPaths } from "./paths.ts";
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

export interface LocalPlatform extends Platform, LogFollower {
  /** Closes the connections to the daemon. */
  close(): Promise<void>;
}

const Nothing = z.object({});
const servicePath = ({ service, environment }: ServiceRef): string =>
  `services/${encodeURIComponent(environment)}/${encodeURIComponent(service)}`;
const instancePath = (id: string, action: string): string => `instances/${encodeURIComponent(id)}/${action}`;

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
  return {
    listServices: () => reads.get("services", z.array(ServiceAnswer)),
    getService: (ref) => reads.get(servicePath(ref), ServiceAnswer),
    startInstance: ({ service, environment, version, key }) =>
      daemon.call("POST", "instances", InstanceAnswer, { service, environment, version, key }),
    async stopInstance({ instanceId, drainTimeoutMs }) {
      const until = Date.now() + drainTimeoutMs;
      for (;;) {
        const body = { drainTimeoutMs: Math.max(0, until - Date.now()) };
        const { done, note } = await daemon.call("POST", instancePath(instanceId, "stop"), StopAnswer, body);
        if (done) return { note };
      }
    },
    async drainInstance({ instanceId, timeoutMs }) {
      const until = Date.now() + timeoutMs;
      for (;;) {
        const body = { timeoutMs: Math.max(0, until - Date.now()) };
        const answer = await daemon.call("POST", instancePath(instanceId, "drain"), DrainAnswer, body);
        if (answer.done) return { remaining: answer.remaining };
      }
    },
    async undrainInstance({ instanceId }) {
      await daemon.call("POST", instancePath(instanceId, "undrain"), Nothing, {});
    },
    async setWeights({ weights, candidate = null, ...ref }) {
      await daemon.call("PUT", `${servicePath(ref)}/weights`, Nothing, { weights, candidate });
    },
    tailLogs: ({ instanceId, lines }) => reads.get(`${instancePath(instanceId, "logs")}?lines=${lines}`, LogsAnswer),
    followLogs: (input) => daemon.call("POST", "logs/follow", FollowAnswer, input),
    trafficSince: (since) => daemon.call("GET", `traffic?since=${since.toISOString()}`, TrafficAnswer),
    samplesSince: ({ since, ...ref }) =>
      daemon.call("GET", `${servicePath(ref)}/samples?since=${since.toISOString()}`, TrafficAnswer),
    sendTo: ({ service, environment, ...request }) =>
      daemon.call("POST", `${servicePath({ service, environment })}/ask`, DirectAnswers, request),
    close: () => {
      reads.end();
      return daemon.close();
    },
  };
}
