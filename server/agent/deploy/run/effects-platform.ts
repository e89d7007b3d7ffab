import { type ClockReading, readClock } from "../../kernel/clock.ts";
import type { Runtime } from "../../kernel/context.ts";
import { type ErrorCode, toAppError } from "../../kernel/errors.ts";
import type { InstanceLogs } from "../../ports/instance-logs.ts";
import type { InstanceControl, PlatformService } from "../../ports/workloads.ts";
import { clipText } from "../../text/clip-text.ts";
import { describeSeconds } from "../../text/durations.ts";
import { note, setSummary } from "../record/record.ts";
import { getDeploymentRow } from "../record/store.ts";
import { listDecisions } from "../record/store-decisions.ts";
import type { DeploymentPlan } from "./procedure.ts";
import { replicasWithout, requestReplicas, stayingOf } from "./replica-effects.ts";
import type { ObservedInstance } from "./rolling.ts";
import type { Inbox } from "./run-state.ts";

/** What the deployment procedure sees and does on the platform. Each may run twice: the platform knows the keys. */

export interface Observation extends Inbox {
  /** null when the platform did not answer; `problem` says why */
  instances: ObservedInstance[] | null;
  problem: string | null;
  /** how the traffic is split; null: evenly, or not known */
  weights: Record<string, number> | null;
}

/** What the platform made of an effect; failures are values, because errors lose their class when they are remembered. */
export type Effect<T> = ({ ok: true } & T) | Refusal;
export interface Refusal {
  ok: false;
  code: ErrorCode;
  message: string;
}

const attempt = async <T>(work: () => Promise<T>): Promise<Effect<T>> => {
  try {
    return { ok: true, ...(await work()) };
  } catch (error) {
    const { code, message } = toAppError(error);
    return { ok: false, code, message };
  }
};

export const platformEffects = (runtime: Runtime) => ({
  readInbox: (plan: DeploymentPlan, afterSeq: number) => readInbox(runtime, plan, afterSeq),
  observe: (plan: DeploymentPlan, afterSeq: number) => observe(runtime, plan, afterSeq),
  start: (plan: DeploymentPlan, version: string, slots: readonly StartSlot[], seen: Seen) =>
    start(runtime, plan, version, slots, seen),
  drain: (plan: DeploymentPlan, ids: readonly string[], timeoutMs: number, summaryOf: SummaryOf) =>
    drain(runtime, plan, ids, timeoutMs, summaryOf),
  stop: (plan: DeploymentPlan, leaving: readonly DrainedInstance[], seen: Seen) => stop(runtime, plan, leaving, seen),
  share: (plan: DeploymentPlan, weight: number) => share(runtime, plan, weight),
  returnTraffic: (plan: DeploymentPlan) => returnTraffic(runtime, plan),
  resetWeights: (plan: DeploymentPlan) => resetWeights(runtime, plan),
});

/** Whether somebody decided something or cancelled. */
async function readInbox(
  { db, now, steadyMs }: Runtime,
  { deploymentId }: DeploymentPlan,
  afterSeq: number,
): Promise<Inbox> {
  // read first: who cancelled is written in the same transaction, and so is in the list below
  const { cancelRequested } = await getDeploymentRow(db, deploymentId);
  const decisions = await listDecisions(db, deploymentId, afterSeq);
  return {
    ...readClock({ now, steadyMs }),
    cancelRequested,
    decisions: decisions.map(({ seq, decision, scope, reason, actorName, stepIndex, waitingId }) => ({
      ...{ seq, decision, scope, reason, actorName, stepIndex, waitingId },
    })),
  };
}

/** What runs now, and whether somebody decided something or cancelled. */
async function observe(runtime: Runtime, plan: DeploymentPlan, afterSeq: number): Promise<Observation> {
  const inbox = await readInbox(runtime, plan, afterSeq);
  const seen = await attempt(async () => ({ service: await runtime.platform.workloads.getService(plan) }));
  const clock = readClock(runtime);
  if (!seen.ok) return { ...inbox, ...clock, instances: null, problem: seen.message, weights: null };
  const instances = seen.service.instances.map(({ id, version, state, reason }) => ({ id, version, state, reason }));
  return { ...inbox, ...clock, instances, problem: null, weights: seen.service.weights };
}

interface StartSlot {
  /** makes the idempotency key, together with deployment and version */
  slot: number;
  /** `2 of 3` */
  progress: string;
}

/** what the step looked at, from which a number of replicas is counted; null when the platform did not answer */
type Seen = readonly ObservedInstance[] | null;
const UNKNOWN: Refusal = { ok: false, code: "UPSTREAM_UNAVAILABLE", message: "what runs is not known" };

interface StartAnswer {
  started: { slot: number; instanceId: string }[];
  refusal: Refusal | null;
  /** instances appear later, under names that the platform chooses: look again after a pause */
  statusFollows?: boolean;
}

/**
 * Starts instances, all at once, each under its key. Says which of them were, and what the first refusal was. Where
 * single instances cannot be started, it asks for as many more than were seen.
 */
async function start(
  runtime: Runtime,
  plan: DeploymentPlan,
  version: string,
  slots: readonly StartSlot[],
  seen: Seen,
): Promise<StartAnswer> {
  const { service, environment, deploymentId } = plan;
  const { instances } = runtime.platform.workloads;
  if (instances === null) {
    if (seen === null) return { started: [], refusal: UNKNOWN };
    const replicas = stayingOf(seen, version) + slots.length;
    const requested = await attempt(async () => ({ done: await requestReplicas(runtime, plan, version, replicas) }));
    return { started: [], refusal: requested.ok ? null : requested, statusFollows: true };
  }
  const answers = await Promise.all(
    slots.map(async ({ slot, progress }) => {
      const key = `${deploymentId}:${version}:${slot}`;
      const answer = await attempt(() => instances.start({ service, environment, version, key }));
      return { slot, progress, answer };
    }),
  );
  const started: { slot: number; instanceId: string }[] = [];
  let refusal: Refusal | null = null;
  for (const { slot, progress, answer } of answers) {
    if (!answer.ok) {
      refusal ??= answer;
      continue;
    }
    const instanceId = answer.id;
    started.push({ slot, instanceId });
    const message = `Started ${instanceId} with ${version} (${progress})`;
    const summary = `Waiting for ${instanceId} (${version}) to become ready`;
    const event = { key: `start:${instanceId}`, level: "info", kind: "instance", message } as const;
    await note(runtime, plan, { ...event, detail: { instanceId, version } }, { summary });
  }
  return { started, refusal };
}

/** The status line, from how many requests and connections are left of each instance; null: it stays. */
type SummaryOf = (remaining: Readonly<Record<string, number>>) => string | null;

/**
 * Takes instances out of the rotation and waits for their requests, at most `timeoutMs`; how many are left of each.
 * What it still waits for becomes the deployment's status line.
 */
async function drain(
  runtime: Runtime,
  plan: DeploymentPlan,
  ids: readonly string[],
  timeoutMs: number,
  summaryOf: SummaryOf,
): Promise<Effect<ClockReading & { remaining: Record<string, number> }>> {
  const { instances } = runtime.platform.workloads;
  // one that cannot be drained finishes its requests when it is stopped
  if (instances === null)
    return { ok: true, ...readClock(runtime), remaining: Object.fromEntries(ids.map((id) => [id, 0])) };
  const drained = await attempt(async () => {
    const left = ids.map(
      async (instanceId) => [instanceId, (await instances.drain({ instanceId, timeoutMs })).remaining] as const,
    );
    return { remaining: Object.fromEntries(await Promise.all(left)) };
  });
  if (!drained.ok) return drained;
  const clock = readClock(runtime);
  const summary = summaryOf(drained.remaining);
  if (summary !== null) await setSummary(runtime, plan, summary);
  return { ...drained, ...clock };
}

interface StopAnswer {
  /** the platform stops instances in its own time, until there are so many of each version; absent: they are gone */
  replicas?: Record<string, number>;
}

interface DrainedInstance {
  instance: Pick<ObservedInstance, "id" | "version">;
  why: string;
  /** requests that had not finished */
  remaining: number;
  /** how long it was drained */
  drainedMs: number;
}

/** Stops instances that were drained, all at once. Where that cannot be done singly, it asks for as many fewer. */
async function stop(
  runtime: Runtime,
  plan: DeploymentPlan,
  leaving: readonly DrainedInstance[],
  seen: Seen,
): Promise<Effect<StopAnswer>> {
  const { instances } = runtime.platform.workloads;
  if (instances === null) {
    if (seen === null) return UNKNOWN;
    const stopping = leaving.map(({ instance }) => instance);
    return attempt(async () => {
      const replicas = replicasWithout(seen, stopping);
      for (const [version, wanted] of Object.entries(replicas)) await requestReplicas(runtime, plan, version, wanted);
      return { replicas };
    });
  }
  const began = performance.now();
  const stopped = await attempt(async () => {
    const told = await Promise.all(
      leaving.map(({ instance }) => instances.stop({ instanceId: instance.id, drainTimeoutMs: 0 })),
    );
    return { notes: told.map(({ note }) => note) };
  });
  if (!stopped.ok) return stopped;
  const stoppingMs = performance.now() - began;
  for (const [i, { instance, why, remaining, drainedMs }] of leaving.entries()) {
    const { id: instanceId, version } = instance;
    const took = describeSeconds((drainedMs + stoppingMs) / 1_000);
    // what the platform noticed, an ignored SIGTERM say; it counts what was left too
    const unfinished = `${remaining} ${remaining === 1 ? "request or connection was" : "requests or connections were"} still open`;
    const left = stopped.notes[i] ?? (remaining > 0 ? unfinished : null);
    await note(runtime, plan, {
      key: `stop:${instanceId}`,
      level: left ? "warning" : "info",
      kind: "instance",
      message: `Drained and stopped ${instanceId} (${version}) in ${took}: ${why}${left ? `; ${left}` : ""}`,
      detail: { instanceId, version, remaining },
    });
  }
  return stopped;
}

/** Shares of both versions; at 0 % the new one is kept out of its users' traffic. */
const sharesOf = (
  { version, previousVersion }: Pick<DeploymentPlan, "version" | "previousVersion">,
  weight: number,
): Record<string, number> => {
  if (previousVersion === null) return { [version]: 100 };
  return weight === 0 ? { [previousVersion]: 100 } : { [previousVersion]: 100 - weight, [version]: weight };
};

const hasShares = (service: PlatformService, wanted: Record<string, number>): boolean =>
  Object.entries(wanted).every(([version, share]) => (service.weights?.[version] ?? 0) === share);

/** Gives the new version its share of the requests, and sees that it has it. */
async function share(runtime: Runtime, plan: DeploymentPlan, weight: number): Promise<Effect<unknown>> {
  const { service, environment, version } = plan;
  const weights = sharesOf(plan, weight);
  const done = await attempt(async () => {
    await runtime.platform.traffic.setWeights({ service, environment, weights, candidate: version });
    return { after: await runtime.platform.workloads.getService(plan) };
  });
  if (!done.ok) return done;
  if (hasShares(done.after, weights)) return { ok: true };
  return { ok: false, code: "INTERNAL", message: `the platform did not take the weights ${JSON.stringify(weights)}` };
}

/**
 * All requests to the version before, if an instance of it is ready. Those that were being drained come back into
 * rotation first.
 */
async function returnTraffic({ platform }: Runtime, plan: DeploymentPlan): Promise<Effect<{ sheltered: boolean }>> {
  const { service, environment, version, previousVersion } = plan;
  return attempt(async () => {
    if (previousVersion === null) return { sheltered: false };
    const before = await platform.workloads.getService(plan);
    const old = before.instances.filter((one) => one.version === previousVersion);
    const { instances } = platform.workloads;
    const draining = instances === null ? [] : old.filter((one) => one.state === "draining");
    // one that is being stopped already refuses, and is started anew later
    if (instances) await Promise.all(draining.map(({ id }) => attempt(() => recall(instances, id))));
    const now = draining.length === 0 ? before : await platform.workloads.getService(plan);
    const serves = now.instances.some((one) => one.version === previousVersion && one.state === "ready");
    if (!serves) return { sheltered: false };
    const weights = { [previousVersion]: 100, [version]: 0 };
    await platform.traffic.setWeights({ service, environment, weights, candidate: version });
    return { sheltered: true };
  });
}

const recall = async (instances: InstanceControl, instanceId: string) => {
  await instances.undrain({ instanceId });
  return {};
};

/** Spreads traffic evenly again. */
async function resetWeights(runtime: Runtime, plan: DeploymentPlan): Promise<Effect<unknown>> {
  const { service, environment } = plan;
  return attempt(async () => {
    await runtime.platform.traffic.setWeights({ service, environment, weights: null });
    return {};
  });
}

const STDERR_LINES = 10;

/** The last lines an instance wrote to stderr, or at all; none when they cannot be had. */
export async function lastLogLines(logs: Pick<InstanceLogs, "tailLogs">, instanceId: string): Promise<string[]> {
  const tail = await attempt(async () => ({ lines: await logs.tailLogs({ instanceId, lines: 100 }) }));
  if (!tail.ok) return [];
  const errors = tail.lines.filter((line) => line.stream === "stderr");
  return (errors.length > 0 ? errors : tail.lines).slice(-STDERR_LINES).map((line) => clipText(line.text, 500));
}
