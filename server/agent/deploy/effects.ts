import { onDeploymentChange, onDeploymentFailed } from "../incidents/index.ts";
import type { Runtime } from "../kernel/context.ts";
import { describeSeconds } from "../kernel/durations.ts";
import { type ErrorCode, toAppError } from "../kernel/errors.ts";
import type { Platform } from "../ports/platform.ts";
import { begin, type DeploymentPlan, type Ending, end, note, turnBack } from "./record.ts";
import type { ObservedInstance } from "./rolling.ts";
import { getDeploymentRow } from "./store.ts";

export interface Sight {
  /** milliseconds since 1970 */
  at: number;
  cancelRequested: boolean;
  /** null when the platform did not answer; `problem` says why */
  instances: ObservedInstance[] | null;
  problem: string | null;
  /** traffic is split by weights, which a rolling deployment does without */
  weighted: boolean;
}

/** What the platform made of an effect; failures are values, because errors lose their class when they are remembered. */
export type Effect<T> = ({ ok: true } & T) | { ok: false; code: ErrorCode; message: string };

const DRAIN_TIMEOUT_MS = 30_000;
const STDERR_LINES = 10;

const attempt = async <T>(work: () => Promise<T>): Promise<Effect<T>> => {
  try {
    return { ok: true, ...(await work()) };
  } catch (error) {
    const { code, message } = toAppError(error);
    return { ok: false, code, message };
  }
};

export type DeploymentEffects = ReturnType<typeof deploymentEffects>;

/**
 * Every effect of the deployment procedure on the platform and on the record. Each may run twice: the platform knows
 * the keys, the record knows the events' keys.
 */
export const deploymentEffects = (runtime: Runtime) => ({
  begin: (id: string) => begin(runtime, id),
  look: (plan: DeploymentPlan) => look(runtime, plan),
  spread: (plan: DeploymentPlan) => spread(runtime, plan),
  start: (plan: DeploymentPlan, version: string, key: string, progress: string) =>
    start(runtime, plan, version, key, progress),
  ready: (plan: DeploymentPlan, instanceId: string, afterMs: number, summary: string) =>
    ready(runtime, plan, instanceId, afterMs, summary),
  drainAndStop: (plan: DeploymentPlan, instance: ObservedInstance, why: string) =>
    drainAndStop(runtime, plan, instance, why),
  blame: (plan: DeploymentPlan, reason: string, instance: ObservedInstance | null) =>
    blame(runtime, plan, reason, instance),
  turnBack: (plan: DeploymentPlan, why: string, withinMs: number) => turnBack(runtime, plan, why, withinMs),
  report: (plan: DeploymentPlan, ending: Ending, reason: string | null, summary: string) =>
    report(runtime, plan, ending, reason, summary),
  end: (plan: DeploymentPlan, ending: Ending, summary: string) => end(runtime, plan.deploymentId, ending, summary),
});

/** What runs now, and whether somebody cancelled. */
async function look({ db, platform, now }: Runtime, plan: DeploymentPlan): Promise<Sight> {
  const { cancelRequested } = await getDeploymentRow(db, plan.deploymentId);
  const seen = await attempt(async () => ({ service: await platform.getService(plan) }));
  const at = now().getTime();
  if (!seen.ok) return { at, cancelRequested, instances: null, problem: seen.message, weighted: false };
  const instances = seen.service.instances.map(({ id, version, state, reason }) => ({ id, version, state, reason }));
  return { at, cancelRequested, instances, problem: null, weighted: seen.service.weights !== null };
}

/** Spreads traffic evenly again. */
async function spread(runtime: Runtime, plan: DeploymentPlan): Promise<Effect<unknown>> {
  const { service, environment } = plan;
  const done = await attempt(async () => {
    await runtime.platform.setWeights({ service, environment, weights: null });
    return {};
  });
  if (!done.ok) return done;
  const message = "Took the traffic weights away: all ready instances share the requests";
  await note(runtime, plan, { key: "spread", level: "info", kind: "step", message });
  return done;
}

/** Starts one instance under a key of this deployment. */
async function start(
  runtime: Runtime,
  plan: DeploymentPlan,
  version: string,
  slot: string,
  progress: string,
): Promise<Effect<{ instanceId: string }>> {
  const { service, environment, deploymentId } = plan;
  const started = await attempt(async () => {
    const key = `${deploymentId}:${slot}`;
    const instance = await runtime.platform.startInstance({ service, environment, version, key });
    return { instanceId: instance.id };
  });
  if (!started.ok) return started;
  const { instanceId } = started;
  const message = `Started ${instanceId} with ${version} (${progress})`;
  const summary = `Waiting for ${instanceId} (${version}) to become ready`;
  const event = { key: `start:${slot}`, level: "info", kind: "instance", message } as const;
  await note(runtime, plan, { ...event, detail: { instanceId, version } }, { summary });
  return started;
}

/** Writes down that an instance became ready. */
async function ready(
  runtime: Runtime,
  plan: DeploymentPlan,
  instanceId: string,
  afterMs: number,
  summary: string,
): Promise<void> {
  const message = `${instanceId} is ready after ${describeSeconds(afterMs / 1_000)}`;
  const event = { key: `ready:${instanceId}`, level: "ok", kind: "instance", message } as const;
  await note(runtime, plan, { ...event, detail: { instanceId, afterMs } }, { summary });
}

/** Lets an instance's requests finish, at most 30 s, and stops it. */
async function drainAndStop(
  runtime: Runtime,
  plan: DeploymentPlan,
  { id: instanceId, version }: ObservedInstance,
  why: string,
): Promise<Effect<{ remaining: number }>> {
  const began = performance.now();
  const stopped = await attempt(async () => {
    const { remaining } = await runtime.platform.drainInstance({ instanceId, timeoutMs: DRAIN_TIMEOUT_MS });
    await runtime.platform.stopInstance({ instanceId, drainTimeoutMs: 0 });
    return { remaining };
  });
  if (!stopped.ok) return stopped;
  const took = describeSeconds((performance.now() - began) / 1_000);
  const left = stopped.remaining > 0 ? `; ${stopped.remaining} requests had not finished` : "";
  await note(runtime, plan, {
    key: `stop:${instanceId}`,
    level: stopped.remaining > 0 ? "warning" : "info",
    kind: "instance",
    message: `Drained and stopped ${instanceId} (${version}) in ${took}: ${why}${left}`,
    detail: { instanceId, version, remaining: stopped.remaining },
  });
  return stopped;
}

/** Writes down why it cannot go on, with the last lines the instance to blame wrote to stderr. */
async function blame(
  runtime: Runtime,
  plan: DeploymentPlan,
  reason: string,
  instance: ObservedInstance | null,
): Promise<void> {
  const lastLines = instance ? await lastWords(runtime.platform, instance.id) : [];
  const detail = { reason, instanceId: instance?.id ?? null, lastLines };
  await note(runtime, plan, { key: "failed", level: "error", kind: "decision", message: reason, detail });
}

async function lastWords(platform: Platform, instanceId: string): Promise<string[]> {
  const tail = await attempt(async () => ({ lines: await platform.tailLogs({ instanceId, lines: 100 }) }));
  if (!tail.ok) return [];
  const errors = tail.lines.filter((line) => line.stream === "stderr");
  return (errors.length > 0 ? errors : tail.lines).slice(-STDERR_LINES).map((line) => line.text.slice(0, 500));
}

/** Tells the incidents how it ends. */
async function report(
  runtime: Runtime,
  plan: DeploymentPlan,
  ending: Ending,
  reason: string | null,
  summary: string,
): Promise<void> {
  if (reason === null || ending === "succeeded" || ending === "cancelled")
    await onDeploymentChange(runtime, plan, ending, summary);
  else await onDeploymentFailed(runtime, { ...plan, reason, rolledBack: ending === "rolled_back", summary });
}
