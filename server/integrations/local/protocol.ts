import { z } from "zod";
import { ERROR_CODES } from "#server/agent/kernel/errors.ts";
import { INSTANCE_STATES } from "#server/agent/ports/workloads.ts";

/** The control API between client and daemon: JSON over HTTP on the control socket. */

/** Raised with every change that an older client or daemon would misunderstand. */
export const PROTOCOL = 1;

/** Who answers: a supervisor adopts a daemon that speaks its protocol and was started with its settings. */
export const DaemonAnswer = z.object({
  pid: z.number(),
  protocol: z.number(),
  /** of the code it runs, and of what it was started with; empty when it was started alone */
  build: z.string(),
  settings: z.string(),
});

export const InstanceAnswer = z.object({
  service: z.string(),
  environment: z.string(),
  id: z.string(),
  version: z.string(),
  pid: z.number().nullable(),
  port: z.number(),
  state: z.enum(INSTANCE_STATES),
  reason: z.string().nullable(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  restarts: z.number(),
  startedAt: z.string(),
  createdAt: z.string(),
  inFlight: z.number(),
  key: z.string(),
  configured: z.boolean(),
});

export const ServiceAnswer = z.object({
  service: z.string(),
  environment: z.string(),
  url: z.string(),
  currentVersion: z.string().nullable(),
  weights: z.record(z.string(), z.number()).nullable(),
  instances: z.array(InstanceAnswer),
  configured: z.boolean(),
  healthPath: z.string().nullable().default(null),
  problem: z.string().nullable(),
  notice: z.string().nullable().default(null),
  overloaded: z.object({ since: z.string(), shed: z.number() }).nullable(),
  countedSince: z.string().nullable().default(null),
  pending: z.array(z.number()).nullable().default(null),
});

export const LogsAnswer = z.array(z.object({ at: z.string(), stream: z.enum(["stdout", "stderr"]), text: z.string() }));

export const FollowAnswer = z.object({
  streams: z.array(
    z.object({
      service: z.string(),
      environment: z.string(),
      instanceId: z.string(),
      version: z.string(),
      stream: z.enum(["stdout", "stderr"]),
      name: z.string(),
      lines: z.array(z.object({ at: z.string(), text: z.string(), cursor: z.string() })),
    }),
  ),
  more: z.boolean(),
});

export const TrafficAnswer = z.array(
  z.object({
    service: z.string(),
    environment: z.string(),
    version: z.string(),
    bucketAt: z.string(),
    requests: z.number(),
    status2xx: z.number(),
    status3xx: z.number(),
    status4xx: z.number(),
    status5xx: z.number(),
    clientLeft: z.number(),
    refused: z.number(),
    timedOut: z.number(),
    brokenOff: z.number(),
    upgraded: z.number(),
    latency: z.array(z.number()),
    leftAfter: z.array(z.number()),
    stalled: z.boolean().optional(),
    pending: z.array(z.number()).optional(),
    denied: z.number().optional(),
    callers: z
      .array(z.object({ caller: z.number(), status3xx: z.number(), status4xx: z.number(), status5xx: z.number() }))
      .optional(),
    usage: z.object({
      cpuMs: z.number().nullable(),
      memoryBytes: z.number().nullable(),
      instances: z.number().nullable(),
      inFlight: z.number().nullable(),
      errorLines: z.number().nullable(),
    }),
  }),
);
export const DirectAnswers = z.array(
  z.object({
    instanceId: z.string(),
    status: z.number().nullable(),
    durationMs: z.number(),
    body: z.string(),
    problem: z.string().nullable(),
  }),
);

/** Long work is asked for again until `done`, so that no answer takes longer than WAIT_MS. */
export const WAIT_MS = 10_000;
/** `saved` false: of an earlier release, which ends all the same; a later one refuses and stays */
export const LeaveAnswer = z.object({ saved: z.boolean() });
export const StopAnswer = z.object({ done: z.boolean(), note: z.string().nullable() });
export const DrainAnswer = z.object({ done: z.boolean(), remaining: z.number() });

export const ErrorAnswer = z.object({
  error: z.object({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});

const Milliseconds = z.number().int().min(0).max(3_600_000);
export const StartInput = z.object({
  service: z.string(),
  environment: z.string(),
  version: z.string(),
  key: z.string().min(1).max(200),
});
export const StopInput = z.object({ drainTimeoutMs: Milliseconds });
export const DrainInput = z.object({ timeoutMs: Milliseconds });
export const WeightsInput = z.object({
  weights: z
    .record(z.string(), z.number().min(0).max(100))
    .refine((weights) => Object.values(weights).some((weight) => weight > 0), "one version must have more than 0")
    .nullable(),
  candidate: z.string().nullable().default(null),
});
export const DirectInput = z.object({
  version: z.string(),
  method: z.enum(["GET", "HEAD", "POST"]),
  path: z.string().startsWith("/"),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
  timeoutMs: z.number().int().min(1).max(15_000),
});
export const LinesInput = z.coerce.number().int().min(1).max(1_000);
export const FollowInput = z.object({
  cursors: z.record(z.string(), z.string()),
  maxBytes: z.number().int().min(1).max(8_388_608),
});
