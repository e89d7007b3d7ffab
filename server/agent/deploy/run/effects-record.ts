import { type ClockReading, MonotonicElapsed, readClock } from "../../kernel/clock.ts";
import type { Runtime } from "../../kernel/context.ts";
import { describeSeconds } from "../../text/durations.ts";
import { rollbackCost, withCost } from "../plan/rollback-cost.ts";
import { type Ending, type EndReport, recordEnd, recordQuestion, toldAs } from "../record/on-timeline.ts";
import { publishDeployment } from "../record/publish.ts";
import { begin, end, note, noteIn, startWatch, takeUp } from "../record/record.ts";
import { findEvent, lockDeployment } from "../record/store.ts";
import { listDecisions } from "../record/store-decisions.ts";
import { listSteps, patchStep } from "../record/store-steps.ts";
import type { Waiting } from "../schema.ts";
import { lastLogLines } from "./effects-platform.ts";
import type { DeploymentPlan, PlannedStep } from "./procedure.ts";
import type { ObservedInstance } from "./rolling.ts";
import { choices } from "./status-lines.ts";

/** What the deployment procedure writes down. Each may run twice: the record knows the events' keys. */

/** What a person is asked. */
export interface Question {
  kind: Extract<Waiting["kind"], "failed" | "undecided" | "paused">;
  reason: string;
  options: Waiting["options"];
  stepIndex: number;
  /** whether the step itself waits; a pause comes before the next one begins */
  inStep: boolean;
  timeoutSeconds: number;
  /** what happens when nobody answers */
  otherwise: string;
}

export const recordEffects = (runtime: Runtime) => ({
  begin: (id: string) => begin(runtime, id),
  takeUp: (id: string) => takeUp(runtime, id),
  beginStep: (plan: DeploymentPlan, step: PlannedStep, attempt: number, summary: string, deadlineAt: number) =>
    beginStep(runtime, plan, step, attempt, summary, deadlineAt),
  passStep: (plan: DeploymentPlan, index: number, text: string) => closeStep(runtime, plan, index, "passed", text),
  skipStep: (plan: DeploymentPlan, index: number, text: string) => closeStep(runtime, plan, index, "skipped", text),
  failStep: (
    plan: DeploymentPlan,
    step: { index: number; attempt: number },
    reason: string,
    instance: ObservedInstance | null,
  ) => failStep(runtime, plan, step, reason, instance),
  ready: (plan: DeploymentPlan, instanceId: string, afterMs: number, summary: string) =>
    ready(runtime, plan, instanceId, afterMs, summary),
  ask: (plan: DeploymentPlan, number: number, question: Question) => ask(runtime, plan, number, question),
  expire: (plan: DeploymentPlan, number: number, afterSeq: number, options: Waiting["options"]) =>
    expire(runtime, plan, number, afterSeq, options),
  goOn: (plan: DeploymentPlan, number: number, message: string, stepIndex: number | null, deadlineAt: number) =>
    goOn(runtime, plan, number, message, stepIndex, deadlineAt),
  beginRollback: (plan: DeploymentPlan, why: string, stepIndex: number | null, withinMs: number) =>
    beginRollback(runtime, plan, why, stepIndex, withinMs),
  cost: (plan: DeploymentPlan, ending: Ending) => rollbackCost(runtime, plan, ending),
  end: (plan: DeploymentPlan, ending: Ending, summary: string, told: EndReport) =>
    end(runtime, plan.deploymentId, ending, summary, told),
  reportSuccess: (plan: DeploymentPlan, summary: string) => reportSuccess(runtime, plan, summary),
  succeed: (plan: DeploymentPlan, summary: string, heardSeq: number) => succeed(runtime, plan, summary, heardSeq),
});

/** Marks a step as running; says since when. */
async function beginStep(
  runtime: Runtime,
  plan: DeploymentPlan,
  { index, title }: PlannedStep,
  attempt: number,
  summary: string,
  deadlineAt: number,
): Promise<ClockReading> {
  const reading = readClock(runtime);
  const at = new Date(reading.at);
  const message = attempt === 1 ? title : `${title} (try ${attempt})`;
  const event = { key: `step:${index}:${attempt}`, level: "info", kind: "step", message } as const;
  const change = { status: "running", attempt, startedAt: at, finishedAt: null, note: null } as const;
  const patch = { summary, deadlineAt: new Date(deadlineAt) };
  await note(runtime, plan, { ...event, detail: { stepIndex: index, attempt } }, patch, { index, patch: change });
  return reading;
}

/** Marks a step as passed or skipped, once; returns the time of now. */
async function closeStep(
  runtime: Runtime,
  { deploymentId }: DeploymentPlan,
  index: number,
  status: "passed" | "skipped",
  text: string,
): Promise<ClockReading> {
  const reading = readClock(runtime);
  await runtime.db.$transaction(async (tx) => {
    const row = await lockDeployment(tx, deploymentId);
    const step = (await listSteps(tx, deploymentId)).find((one) => one.index === index);
    if (step?.status === status) return;
    await patchStep(tx, deploymentId, index, { status, finishedAt: new Date(reading.at), note: text });
    await publishDeployment(runtime, tx, row);
  });
  return reading;
}

/** Writes down why a step failed, with the last lines the instance to blame wrote to stderr. */
async function failStep(
  runtime: Runtime,
  plan: DeploymentPlan,
  { index, attempt }: { index: number; attempt: number },
  reason: string,
  instance: ObservedInstance | null,
): Promise<ClockReading> {
  const lastLines = instance ? await lastLogLines(runtime.platform.logs, instance.id) : [];
  const detail = { reason, stepIndex: index, attempt, instanceId: instance?.id ?? null, lastLines };
  const event = { key: `failed:${index}:${attempt}`, level: "error", kind: "decision", message: reason } as const;
  const reading = readClock(runtime);
  const change = { status: "failed", finishedAt: new Date(reading.at), note: reason } as const;
  await note(runtime, plan, { ...event, detail }, { summary: reason }, { index, patch: change });
  return reading;
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

/** Asks a person; returns the time of now, and until when it waits, by the same wall clock. */
async function ask(
  runtime: Runtime,
  plan: DeploymentPlan,
  number: number,
  { kind, reason, options, stepIndex, inStep, timeoutSeconds, otherwise }: Question,
): Promise<ClockReading & { expiresAt: number }> {
  const key = `ask:${number}`;
  const { deploymentId } = plan;
  const how = `${choices(options)} within ${describeSeconds(timeoutSeconds)}, else ${otherwise}`;
  const summary = kind === "paused" ? `${reason}: ${how}` : `Waits for a decision: ${reason}`;
  const told = { reason, summary: `${summary}. ${how}.` };
  const askedAt = await runtime.db.$transaction(async (tx) => {
    // asked before and answered meanwhile: it must not be asked again
    const known = await findEvent(tx, deploymentId, key);
    // the release before put no question on the time line
    if (known && kind === "failed") await recordQuestion(runtime, tx, deploymentId, number, told);
    if (known) return known.at.getTime();
    const now = runtime.now();
    const expiresAt = new Date(now.getTime() + timeoutSeconds * 1_000).toISOString();
    const id = `${deploymentId}:${number}`;
    const waiting: Waiting = { id, kind, reason, since: now.toISOString(), expiresAt, options, stepIndex };
    const message = kind === "paused" ? `${reason}: ${how}` : `Waits for a person to ${how}`;
    const step = inStep ? { index: stepIndex, patch: { status: "waiting", note: reason } as const } : null;
    const event = { key, level: "warning", kind: "decision", message } as const;
    await noteIn(runtime, tx, deploymentId, event, { status: "paused", waiting, summary }, step);
    if (kind === "failed") await recordQuestion(runtime, tx, deploymentId, number, told);
    return now.getTime();
  });
  const reading = readClock(runtime);
  const openMs = new MonotonicElapsed(askedAt).observe(reading);
  return { ...reading, expiresAt: reading.at - openMs + timeoutSeconds * 1_000 };
}

/** Closes a question nobody answered in time. False when somebody did at the last moment. */
async function expire(
  runtime: Runtime,
  { deploymentId }: DeploymentPlan,
  number: number,
  afterSeq: number,
  options: Waiting["options"],
): Promise<boolean> {
  const key = `expired:${number}`;
  return runtime.db.$transaction(async (tx) => {
    const { cancelRequested } = await lockDeployment(tx, deploymentId);
    if (await findEvent(tx, deploymentId, key)) return true;
    const unread = await listDecisions(tx, deploymentId, afterSeq);
    if (cancelRequested || unread.some(({ decision }) => options.includes(decision))) return false;
    const event = { key, level: "warning", kind: "decision", message: "Nobody decided in time" } as const;
    await noteIn(runtime, tx, deploymentId, event, { waiting: null });
    return true;
  });
}

/** The question was answered, and it goes on. */
async function goOn(
  runtime: Runtime,
  plan: DeploymentPlan,
  number: number,
  message: string,
  stepIndex: number | null,
  deadlineAt: number,
): Promise<void> {
  const event = { key: `answered:${number}`, level: "info", kind: "decision", message } as const;
  const step = stepIndex === null ? null : { index: stepIndex, patch: { status: "running" } as const };
  const patch = { status: "running", waiting: null, summary: message, deadlineAt: new Date(deadlineAt) } as const;
  await note(runtime, plan, event, patch, step);
}

/** Decides to go back within a time; returns the time of now. */
async function beginRollback(
  runtime: Runtime,
  plan: DeploymentPlan,
  why: string,
  stepIndex: number | null,
  withinMs: number,
): Promise<ClockReading> {
  const reading = readClock(runtime);
  const at = new Date(reading.at);
  const until = new Date(at.getTime() + withinMs);
  const message = `Going back to ${plan.previousVersion}: ${why}`;
  const event = { key: "turn-back", level: "warning", kind: "decision", message } as const;
  const patch = { status: "rolling_back", summary: message, waiting: null, deadlineAt: until } as const;
  const stopped = { status: "failed", finishedAt: at, note: `Ended by the way back: ${why}` } as const;
  const step = stepIndex === null ? null : { index: stepIndex, patch: stopped };
  await note(runtime, plan, event, patch, step);
  return reading;
}

const toldSuccess = async (runtime: Runtime, plan: DeploymentPlan, summary: string): Promise<EndReport> =>
  toldAs(withCost(summary, await rollbackCost(runtime, plan, "succeeded")));

/** Puts an end on the time line that a worker of the release before wrote without it; any other is there already. */
async function reportSuccess(runtime: Runtime, plan: DeploymentPlan, summary: string): Promise<void> {
  const told = await toldSuccess(runtime, plan, summary);
  await runtime.db.$transaction(async (tx) => {
    const row = await lockDeployment(tx, plan.deploymentId);
    await recordEnd(tx, row, "succeeded", row.finishedAt ?? runtime.now(), told);
  });
}

/** Ends it well, unless somebody called it back at the last moment, and starts the watch over it. */
async function succeed(runtime: Runtime, plan: DeploymentPlan, summary: string, heardSeq: number): Promise<boolean> {
  const told = await toldSuccess(runtime, plan, summary);
  const ended = await end(runtime, plan.deploymentId, "succeeded", summary, told, heardSeq);
  if (ended) await startWatch(runtime, plan.deploymentId);
  return ended;
}
